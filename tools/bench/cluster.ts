// The relay and the read models on Kafka and MongoDB, against bare loops over the same servers in the same run: kafkajs
// sends of 100 messages, a kafkajs consume loop that parses and counts, and bulkWrites of exactly the rows and counts
// that are stored. N loans of N ÷ 30 readers in three partitions go through the relay and one counter, 30,000 by
// default. M loans go through reader activity with its tallies, none by default, because a test server in place of
// MongoDB may need seconds for each hundred. Starts the servers of tools/backends unless they run. Its topics and
// databases are its own and are removed.
// usage: node tools/dist/bench/cluster.js [N [M]]
import { decodeFact, type PublishedEvent } from '@readership/contracts';
import {
  logConsumer,
  ProcessorGroup,
  type ReadModels,
  Relay,
  readModelProcessor,
  type AnyEvent,
  type EventStore,
  type LogRecord,
  type Publish,
  type ReadModel,
} from '@readership/kernel';
import type { KafkaMessage } from 'kafkajs';
import mongoose from 'mongoose';
import { randomUUID } from 'node:crypto';
import { Clock, consume, send } from './bare-kafka.js';
import { bareKafka, context, inDeployment, partitions, serverNames, type Deployment } from './deployment.js';
import { facts, type BenchFact } from './facts.js';
import { compare, header, perSecond } from './measure.js';
import { activity, counts } from './models.js';
import { countFrom, within } from './within.js';

const n = countFrom(process.argv[2], 30_000, 300_000);
const m = process.argv[3] === undefined ? null : countFrom(process.argv[3], 0, 300_000);
const perAppend = 500;
const window = 500;
const wholeMs = 300_000;
const everyPartition = Array.from({ length: partitions }, (_, partition) => partition);

/** The records in the topic of a deployment whose store holds the same: raw, and as a consumer gets them. */
interface Published {
  readonly deployment: Deployment;
  readonly store: EventStore;
  readonly count: number;
  readonly messages: readonly (readonly KafkaMessage[])[];
  readonly records: readonly (readonly LogRecord[])[];
}

const publish: Publish<AnyEvent> = ({ data }) => {
  const { type, key, time, data: body } = data as BenchFact;
  return { key, fact: { type, schema: 1, data: body, time } };
};

async function fill(store: EventStore, all: readonly BenchFact[]): Promise<void> {
  for (let at = 0; at < all.length; at += perAppend) {
    const commits = all.slice(at, at + perAppend).map((fact, i) => ({
      stream: `bench-${at + i}`,
      expectedVersion: 0,
      events: [{ type: fact.type, data: fact }],
      meta: { commandId: randomUUID(), at: fact.time, actor: 'bench' },
    }));
    await store.appendEach(commits);
  }
}

/** Publishes everything in the store, all partitions at once. The log must be empty. */
async function relayAll(store: EventStore, log: Deployment['adapters']['eventLog']): Promise<void> {
  const lane = async (partition: number): Promise<void> => {
    const relay = new Relay(context, partition, store, log);
    while ((await relay.step()) > 0);
  };
  await within(wholeMs, 'relaying', Promise.all(everyPartition.map(lane)));
}

async function published(deployment: Deployment, loans: number): Promise<Published> {
  const { adapters, servers, topic } = deployment;
  const all = facts(loans);
  const store = adapters.eventStore(context, publish);
  await fill(store, all);
  await relayAll(store, adapters.eventLog);
  const messages = everyPartition.map((): KafkaMessage[] => []);
  const records = everyPartition.map((): LogRecord[] => []);
  const whole = { topic, group: `${topic}.whole`, partitions, count: all.length };
  await consume(bareKafka(servers), whole, (partition, more) => messages[partition]!.push(...more));
  await consumeAll(deployment, all.length, async (partition, more) => {
    records[partition]!.push(...more);
  });
  return { deployment, store, count: all.length, messages, records };
}

/** Takes the log's records as a new group. Resolves to records per second. */
async function consumeAll(
  { adapters }: Deployment,
  count: number,
  take: (partition: number, records: readonly LogRecord[]) => Promise<void>,
): Promise<number> {
  const clock = new Clock(count);
  const consumption = await adapters.eventLog.consume({
    group: randomUUID(),
    window,
    start: async () => 0,
    take: async (partition, records) => {
      clock.begin();
      await take(partition, records);
      clock.done(records.length);
    },
  });
  try {
    await within(wholeMs, 'projecting', clock.ended);
    return clock.perSecond();
  } finally {
    await consumption.stop();
  }
}

function relayed({ store, records, count }: Published): Promise<number> {
  return inDeployment(async ({ adapters: { eventLog } }) => {
    // The connections exist before the clock runs.
    await eventLog.publish('first', 0, 0, 1, [{ ...records[0]![0]!, context: 'first', position: 1 }]);
    return perSecond(count, () => relayAll(store, eventLog));
  });
}

function sent({ messages }: Published): Promise<number> {
  return inDeployment(({ servers, topic }) => send(bareKafka(servers), topic, messages));
}

/** Reads from the topic and writes into a new database. */
function projected({ deployment, count }: Published, model: ReadModel<any>): Promise<number> {
  return inDeployment(({ adapters }) => {
    const processor = readModelProcessor<LogRecord, PublishedEvent>(model, adapters.readModels(context));
    const consumer = logConsumer('', window, new ProcessorGroup([processor], decodeFact), adapters.eventLog);
    return consumeAll(deployment, count, consumer.take);
  });
}

function consumed({ deployment, count }: Published): Promise<number> {
  const { servers, topic } = deployment;
  const byKey = new Map<string, number>();
  return consume(
    bareKafka(servers),
    { topic, group: `${topic}.${randomUUID()}`, partitions, count },
    (_, messages) => {
      for (const { key, value } of messages) {
        const data: unknown = JSON.parse(value!.toString());
        if (data !== null) byKey.set(key!.toString(), (byKey.get(key!.toString()) ?? 0) + 1);
      }
    },
  );
}

/** What a read model stores in a commit: a row's JSON, or a count. */
interface Documents {
  readonly rows: readonly { readonly _id: string; readonly body: string }[];
  readonly cells: readonly { readonly _id: string; readonly n: number }[];
}

/** Reads from memory, in windows as they come from the topic, and writes into a new database. */
function folded(
  { records, count }: Published,
  model: ReadModel<any>,
  over: (models: ReadModels) => ReadModels = (models) => models,
): Promise<number> {
  return inDeployment(({ adapters }) => {
    const processor = readModelProcessor<LogRecord, PublishedEvent>(
      model,
      over(adapters.readModels(context)),
    );
    const lane = async (partition: number): Promise<void> => {
      const all = records[partition]!;
      for (let at = 0; at < all.length; at += window)
        await processor.process(partition, all.slice(at, at + window), decodeFact);
    };
    return perSecond(count, async () => {
      await within(wholeMs, 'projecting', Promise.all(everyPartition.map(lane)));
    });
  });
}

/** What the read model stores, by partition and commit. */
async function documentsOf(
  whole: Published,
  model: ReadModel<any>,
): Promise<readonly (readonly Documents[])[]> {
  const stored = everyPartition.map((): Documents[] => []);
  await folded(whole, model, (models) => {
    const commit: ReadModels['commit'] = (id, partition, batch) => {
      stored[partition]!.push({
        rows: [...batch.rows].map(([key, { row }]) => ({ _id: key, body: JSON.stringify(row) })),
        cells: [...batch.cells].map(([cell, by]) => ({ _id: `${cell} ${partition}`, n: by })),
      });
      return models.commit(id, partition, batch);
    };
    return new Proxy(models, {
      get(target, name) {
        if (name === 'commit') return commit;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  });
  return stored;
}

/** Writes the documents alone, in bulk and with majority write concern: without head and checkpoint. */
function written({ count }: Published, stored: readonly (readonly Documents[])[]): Promise<number> {
  return inDeployment(async ({ servers: { mongoUrl, namespace } }) => {
    const dbName = `${namespace}-bare`;
    const connection = await mongoose
      .createConnection(mongoUrl, { dbName, writeConcern: { w: 'majority', journal: true } })
      .asPromise();
    const database = connection.getClient().db(dbName);
    const put = async (to: string, all: readonly { readonly _id: string }[]): Promise<void> => {
      if (all.length === 0) return;
      const replacing = all.map(({ _id, ...replacement }) => ({
        replaceOne: { filter: { _id }, replacement, upsert: true },
      }));
      await database.collection<{ _id: string }>(to).bulkWrite(replacing, { ordered: false });
    };
    const lane = async (commits: readonly Documents[]): Promise<void> => {
      for (const { rows, cells } of commits) await Promise.all([put('rows', rows), put('cells', cells)]);
    };
    try {
      await put('rows', [{ _id: 'first' }]);
      return await perSecond(count, async () => {
        await within(wholeMs, 'writing', Promise.all(stored.map(lane)));
      });
    } finally {
      await database.dropDatabase();
      await connection.close();
    }
  });
}

async function compareModel(whole: Published, name: string, model: ReadModel<any>): Promise<void> {
  await compare(
    `${name} ÷ consume loop`,
    0.25,
    () => projected(whole, model),
    () => consumed(whole),
  );
  const stored = await documentsOf(whole, model);
  await compare(
    `${name} ÷ bulkWrite of what it stores`,
    0.5,
    () => folded(whole, model),
    () => written(whole, stored),
  );
}

const loans = m === null ? `${n} loans` : `${n} loans, ${m} through reader activity`;
console.log(`${loans}; ${partitions} partitions; Node ${process.versions.node}. ${await serverNames()}.\n`);
header();
await inDeployment(async (deployment) => {
  const whole = await published(deployment, n);
  await compare(
    'relay ÷ sends of 100',
    0.5,
    () => relayed(whole),
    () => sent(whole),
  );
  await compareModel(whole, 'one counter', counts);
});
if (m !== null) {
  await inDeployment(async (deployment) => {
    await compareModel(await published(deployment, m), 'reader activity with its tallies', activity);
  });
}
