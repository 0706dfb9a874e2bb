import type { EventStore, Event, Meta, Publish } from '@readership/kernel';

/** What somebody did to what is parked: recorded in the context's own store, published to nobody. */
export type ParkedReplayed = Event<
  'ParkedReplayed',
  { model: string; partition: number; key: string; records: number }
>;
export type ParkedDiscarded = Event<
  'ParkedDiscarded',
  { model: string; partition: number; key: string; offset: number; type: string }
>;

const category = 'operation-';

/** Each is a stream of its own, named by its command. */
export async function recordOperation(
  store: EventStore,
  event: ParkedReplayed | ParkedDiscarded,
  meta: Meta,
): Promise<void> {
  await store.append(`${category}${meta.commandId}`, 0, [event], meta);
}

/** A context's `publish`, which need not know of operations. */
export function withOperations(publish: Publish<any>): Publish<any> {
  return (event, stream) =>
    stream.startsWith(category) ? { key: stream, fact: null } : publish(event, stream);
}
