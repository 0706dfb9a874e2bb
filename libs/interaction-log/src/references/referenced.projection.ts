import type { PublishedEvent } from '@readership/contracts';
import type { Projection } from '@readership/kernel';

/** An interaction that came by a reference, as far as the reference was told. */
export interface ReferencedRow {
  readonly time: string;
  readonly holder: string;
}

export type ItemFact = PublishedEvent<'Referenced' | 'InteractionRecorded'>;

/**
 * One row per reference and interaction, `<reference>/<interaction>`. A move is reported to the reference too, so that
 * an outdated look-up or a late move is noticed and corrected. An interaction held by its own reference needs no
 * `Referenced` when it is recorded.
 */
export const referenced: Projection<ItemFact, ReferencedRow> = {
  name: 'referenced',
  version: 1,
  on: ['Referenced', 'InteractionRecorded'],
  overwrites: true,
  key: (event) => (itemOf(event) === null ? null : `${event.key}/${event.data.interaction}`),
  apply: (row, event) => itemOf(event) ?? row,
};

/** What the fact tells its reference; `null` when its key is another holder. */
export function itemOf(event: ItemFact): ReferencedRow | null {
  switch (event.type) {
    case 'Referenced':
      return { time: event.data.time, holder: event.data.holder };
    case 'InteractionRecorded':
      return event.data.reference === event.key ? { time: event.data.now.time, holder: event.key } : null;
  }
}
