import { clusterAdapters, type ClusterServers } from '@readership/cluster';
import { decodeRecord } from '@readership/cluster';
import type { EventStore, LogRecord, ReadModels, Stored, StoreKeys } from '@readership/kernel';

import { contexts } from './contexts.js';
import type { Topic } from './topic.js';

/** An event in the order of its context's partition. */
export interface StoredEvent extends Pick<
  Stored,
  'stream' | 'version' | 'partition' | 'position' | 'id' | 'type' | 'data'
> {
  readonly context: string;
  /** JSON text of its published body; `null` when it publishes nothing. */
  readonly fact: string | null;
}

/** Everything that is stored of a read model, as text. */
export interface Model {
  readonly context: string;
  readonly model: string;
  readonly rows: ReadonlyMap<string, string>;
  readonly cells: ReadonlyMap<string, number>;
}

/** What a run left behind, read from the servers themselves. */
export interface Found {
  readonly events: readonly StoredEvent[];
  /** The context's own events in order, with personal parts decrypted. */
  readonly own: ReadonlyMap<string, readonly Stored[]>;
  /** Every record of the topic that carries our headers, by partition, in order. */
  readonly records: readonly (readonly LogRecord[])[];
  readonly models: readonly Model[];
}

const pageSize = 1_000;

export async function gather(servers: ClusterServers, keys: StoreKeys, topic: Topic): Promise<Found> {
  const own = new Map<string, readonly Stored[]>();
  const models: Model[] = [];
  for (const { name: context, publish } of contexts()) {
    const adapters = await clusterAdapters({
      ...servers,
      context,
      masterKey: keys.masterKey,
      cardKey: keys.cardKey,
      ratePerSecond: 1_000,
      kafkaSessionMs: 30_000,
      onError: () => undefined,
    });
    try {
      own.set(context, await eventsOf(adapters.eventStore(context, publish)));
      models.push(...(await modelsOf(adapters.readModels(context), context)));
    } finally {
      await adapters.close();
    }
  }
  const records = (await topic.read()).map((messages, partition) =>
    messages.flatMap((message) => decodeRecord(message, partition) ?? []),
  );
  const events = [...own].flatMap(([context, stored]) => stored.map((event) => storedEvent(context, event)));
  return { events, own, records, models };
}

export async function contentOf(models: ReadModels, context: string, model: string): Promise<Model> {
  const rows = new Map<string, string>();
  for (let after: string | null = ''; after !== null;) {
    const page: Awaited<ReturnType<ReadModels['all']>> = await models.all(model, {
      limit: pageSize,
      ...(after === '' ? {} : { after }),
    });
    for (const { key, row } of page.rows) rows.set(key, JSON.stringify(row));
    after = page.next;
  }
  const cells = new Map(
    [...(await models.cells(model, [{ from: '', to: '\uffff' }]))].filter(([, count]) => count !== 0),
  );
  return { context, model, rows, cells };
}

async function eventsOf(store: EventStore): Promise<readonly Stored[]> {
  const events: Stored[] = [];
  for (let partition = 0; partition < store.partitions; partition++) {
    for (let after = 0; ;) {
      const page = await store.readPage(partition, after, pageSize);
      if (page.length === 0) break;
      for (const event of page) events.push(event);
      after = page.at(-1)!.position;
    }
  }
  return events;
}

/** Reactions keep a checkpoint and nothing else. */
async function modelsOf(models: ReadModels, context: string): Promise<readonly Model[]> {
  const names = (await models.models()).filter((name) => !name.startsWith('reaction.'));
  const contents: Model[] = [];
  for (const name of names) contents.push(await contentOf(models, context, name));
  return contents;
}

function storedEvent(
  context: string,
  { stream, version, partition, position, id, type, data, fact }: Stored,
): StoredEvent {
  const published = fact === null ? null : JSON.stringify([fact.type, fact.schema, fact.data]);
  return { context, stream, version, partition, position, id, type, data, fact: published };
}
