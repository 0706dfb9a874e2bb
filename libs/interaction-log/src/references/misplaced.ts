import type { PublishedEvent } from '@readership/contracts';
import { itemOf, type ReferencedRow } from './referenced.projection.js';
import { resolve, type ReferenceRow } from './references.projection.js';

export type ReferenceEvent = PublishedEvent<
  'CardLinked' | 'CardUnlinked' | 'PersonRedirected' | 'Referenced' | 'InteractionRecorded'
>;

/** The fact that causes moves. The command ids of the moves derive from it. */
export type Cause = Pick<ReferenceEvent, 'id' | 'recordedAt' | 'traceparent'>;

/** What a batch of facts says about one reference. */
export interface Heard {
  /** The last of the facts. */
  cause: ReferenceEvent;
  /** The last fact that may have changed whom the reference means. `null` when none did; then only `items` are checked. */
  meaning: ReferenceEvent | null;
  readonly items: Map<string, ReferencedRow>;
}

export type Item = readonly [interaction: string, item: ReferencedRow];

/** Some of the interactions that came by a reference, in their order. */
export interface Items {
  readonly items: readonly Item[];
  /** Where the rest begins; `null` when these are all. */
  readonly next: string | null;
}

/** An interaction whose reference resolves to another holder. */
export interface Misplaced {
  readonly interaction: string;
  readonly to: string;
}

export interface Move extends Misplaced {
  readonly cause: Cause;
}

/** By reference, what must be checked after a batch of facts. Pure. */
export function heardOf(events: readonly ReferenceEvent[]): Map<string, Heard> {
  const heard = new Map<string, Heard>();
  for (const event of events) {
    const item =
      event.type === 'Referenced' || event.type === 'InteractionRecorded' ? itemOf(event) : undefined;
    if (item === null) continue;
    let of = heard.get(event.key);
    if (of === undefined) heard.set(event.key, (of = { cause: event, meaning: null, items: new Map() }));
    of.cause = event;
    if (item === undefined) of.meaning = event;
    else of.items.set((event as PublishedEvent<'Referenced'>).data.interaction, item);
  }
  return heard;
}

/**
 * What a batch moves for one of its references, and whether the rest is left to a job. Pure. A fact about one
 * interaction moves that one, even beside a job, which may have passed it by the time the batch is taken again. A fact
 * about whom the reference means moves everything that came by it, if `firstItems` are all of that and no more than
 * `movesMax` have to move.
 */
export function movesOf(
  reference: string,
  { meaning, items }: Heard,
  row: ReferenceRow | null | undefined,
  firstItems: Items | null,
  movesMax: number,
): { readonly found: readonly Misplaced[]; readonly needsJob: boolean } {
  const told = [...misplaced(reference, row, items)];
  if (meaning === null || firstItems === null) return { found: told, needsJob: false };
  if (firstItems.next !== null) return { found: told, needsJob: true };
  const all = [...misplaced(reference, row, firstItems.items)];
  return all.length > movesMax ? { found: told, needsJob: true } : { found: all, needsJob: false };
}

/** The interactions whose holder is not whom the reference means. Pure. */
export function* misplaced(
  reference: string,
  row: ReferenceRow | null | undefined,
  items: Iterable<Item>,
): Generator<Misplaced> {
  for (const [interaction, { time, holder }] of items) {
    const to = resolve(reference, time, row);
    if (to !== null && to !== holder) yield { interaction, to };
  }
}
