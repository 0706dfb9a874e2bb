import type { PublishedEvent } from '@readership/contracts';
import { itemOf, type ReferencedRow } from './referenced.projection.js';
import { resolve, type ReferenceRow } from './references.projection.js';

export type ReferenceEvent = PublishedEvent<
  'CardLinked' | 'CardUnlinked' | 'PersonRedirected' | 'Referenced' | 'InteractionRecorded'
>;

/** What a batch of facts says about one reference. */
export interface Heard {
  /** The last of them. */
  cause: ReferenceEvent;
  /** Its meaning may have changed: everything that came by it is looked at. */
  meaning: boolean;
  readonly items: Map<string, ReferencedRow>;
}

/** What is to be looked at after a batch of facts, by reference. Pure. */
export function heardOf(events: readonly ReferenceEvent[]): Map<string, Heard> {
  const heard = new Map<string, Heard>();
  for (const event of events) {
    const item =
      event.type === 'Referenced' || event.type === 'InteractionRecorded' ? itemOf(event) : undefined;
    if (item === null) continue;
    let of = heard.get(event.key);
    if (of === undefined) heard.set(event.key, (of = { cause: event, meaning: false, items: new Map() }));
    of.cause = event;
    if (item === undefined) of.meaning = true;
    else of.items.set((event as PublishedEvent<'Referenced'>).data.interaction, item);
  }
  return heard;
}

/** Pure: what is held by somebody other than whom the reference means. */
export function* misplaced(
  reference: string,
  row: ReferenceRow | null | undefined,
  items: Iterable<readonly [interaction: string, item: ReferencedRow]>,
): Generator<{ readonly interaction: string; readonly to: string }> {
  for (const [interaction, { time, holder }] of items) {
    const to = resolve(reference, time, row);
    if (to !== null && to !== holder) yield { interaction, to };
  }
}
