import { fact, publishedFacts, type FactData, type PublishedType } from '@readership/contracts';
import { Relay, type Adapters, type EventStore, type Marks, type Publish } from '@readership/kernel';
import { randomUUID } from 'node:crypto';

/** Stands for the other contexts in a spec: publishes what it is told to publish. */
export interface Neighbours {
  /** Publishes a fact under a key. Resolves once it is on the log. `at` is when it is recorded. */
  publish<T extends PublishedType>(type: T, key: string, data: FactData<T>, at?: string): Promise<Marks>;
}

type Told = { readonly type: PublishedType; readonly data: { readonly key: string; readonly data: any } };

const asTold: Publish<Told> = ({ type, data }) => ({ key: data.key, fact: fact(type, data.data) });

export function neighbours(adapters: Adapters): Neighbours {
  const stores = new Map<string, EventStore>();
  return {
    async publish(type, key, data, at = '2024-01-01T00:00:00.000Z') {
      const { context } = publishedFacts[type];
      const store = stores.get(context) ?? adapters.eventStore(context, asTold);
      stores.set(context, store);
      const meta = { commandId: randomUUID(), at, actor: 'spec' };
      const appended = await store.append(`told-${randomUUID()}`, 0, [{ type, data: { key, data } }], meta);
      for (let partition = 0; partition < store.partitions; partition++) {
        const relay = new Relay(context, partition, store, adapters.eventLog);
        while ((await relay.step()) > 0);
      }
      if (appended.outcome !== 'appended') throw new Error('a new stream was there already');
      return appended.marks;
    },
  };
}
