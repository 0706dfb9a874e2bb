import type { PublishedEvent } from '@readership/contracts';
import type { Projection } from '@readership/kernel';
import { patronIdPattern } from '../patron-id.js';

/** An interaction that came by a reference, as far as the reference was told. */
export interface ReferencedRow {
  readonly time: string;
  readonly holder: string;
}

const earliestMs = Date.UTC(1900, 0, 1);
/** Of base 36: enough for 3,000 years. */
const timeDigits = 9;

export type ItemFact = PublishedEvent<'Referenced' | 'InteractionRecorded'>;

/**
 * One row per reference and interaction, `<reference>/<interaction>`, found by the patron who holds it and its time. A
 * move is reported to the reference too, so that
 * an outdated look-up or a late move is noticed and corrected. An interaction held by its own reference needs no
 * `Referenced` when it is recorded.
 */
export const referenced: Projection<ItemFact, ReferencedRow> = {
  name: 'referenced',
  version: 2,
  on: ['Referenced', 'InteractionRecorded'],
  overwrites: true,
  key: (event) => (itemOf(event) === null ? null : `${event.key}/${event.data.interaction}`),
  apply: (row, event) => itemOf(event) ?? row,
  indexes: { held: ({ time, holder }) => (patronIdPattern.test(holder) ? [heldAt(holder, time)] : []) },
};

/**
 * Where an interaction of a patron stands in the index `held`: by patron, then by time to the millisecond, from 1900 on.
 * Without a time it is the beginning of all places of the patron. It is short, because every interaction has one.
 */
export function heldAt(personId: string, time?: string): string {
  const person = Buffer.from(personId.replaceAll('-', ''), 'hex').toString('base64url');
  if (time === undefined) return person;
  const ms = Math.max(0, Date.parse(time) - earliestMs);
  return `${person}${ms.toString(36).padStart(timeDigits, '0')}`;
}

/** What the fact tells its reference; `null` when its key is another holder. */
export function itemOf(event: ItemFact): ReferencedRow | null {
  switch (event.type) {
    case 'Referenced':
      return { time: event.data.time, holder: event.data.holder };
    case 'InteractionRecorded':
      return event.data.reference === event.key ? { time: event.data.now.time, holder: event.key } : null;
  }
}
