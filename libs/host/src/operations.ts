import type { EventStore, Event, Meta, Publish } from '@readership/kernel';

/** What somebody did to a running context: recorded in its own store, published to nobody. */
export type ParkedReplayed = Event<
  'ParkedReplayed',
  { model: string; partition: number; key: string; records: number }
>;
export type ParkedDiscarded = Event<
  'ParkedDiscarded',
  { model: string; partition: number; key: string; offset: number; type: string }
>;

/** Whose facts were published again, of which positions. */
export type FactsRepublished = Event<
  'FactsRepublished',
  { partition: number; after: number; through: number }
>;

const category = 'operation-';

/** Each is a stream of its own, named by its command. */
export async function recordOperation(
  store: EventStore,
  event: ParkedReplayed | ParkedDiscarded | FactsRepublished,
  meta: Meta,
): Promise<void> {
  await store.append(`${category}${meta.commandId}`, 0, [event], meta);
}

/** A context's `publish`, which need not know of operations. */
export function withOperations(publish: Publish<any>): Publish<any> {
  return (event, stream) =>
    stream.startsWith(category) ? { key: stream, fact: null } : publish(event, stream);
}
