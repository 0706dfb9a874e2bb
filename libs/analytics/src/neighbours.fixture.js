import { fact, publishedFacts } from '@readership/contracts';
import { Relay } from '@readership/kernel';
import { randomUUID } from 'node:crypto';
const asTold = ({ type, data }) => ({ key: data.key, fact: fact(type, data.data) });
export function neighbours(adapters) {
  const stores = new Map();
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
//# sourceMappingURL=neighbours.fixture.js.map
