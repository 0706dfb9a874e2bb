import { uuidv7 } from '@readership/kernel';
import { Kafka, logLevel } from 'kafkajs';
import { createClient } from 'redis';
import { testServers } from '../testing/test-servers.fixture.js';
import { connectMongo } from './mongo.js';
import { createTopics } from './event-log/created-topics.js';

const name = `servers-${uuidv7()}`;

describe('the servers of the cluster suites', () => {
  it('Kafka hands over the record that was sent to it', async () => {
    const kafka = new Kafka({ brokers: [testServers().kafka], logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    const producer = kafka.producer({ idempotent: true });
    const consumer = kafka.consumer({ groupId: name });
    await Promise.all([admin.connect(), producer.connect(), consumer.connect()]);
    try {
      await createTopics(admin, [{ topic: name, numPartitions: 1 }]);
      const headers = { type: 'Written' };
      await producer.send({ topic: name, messages: [{ key: 'a', value: 'one', headers }] });
      await consumer.subscribe({ topic: name, fromBeginning: true });
      const taken = await new Promise((resolve) => {
        void consumer.run({
          eachMessage: async ({ message }) =>
            resolve([message.key, message.value, message.headers?.['type']].map(String)),
        });
      });
      expect(taken).toEqual(['a', 'one', 'Written']);
    } finally {
      await Promise.all([consumer.disconnect(), producer.disconnect()]);
      await admin.deleteGroups([name]);
      await admin.deleteTopics({ topics: [name] });
      await admin.disconnect();
    }
  });

  it('MongoDB keeps a document and refuses a second one of its id', async () => {
    const database = await connectMongo(testServers().mongodb, name);
    const documents = database.collection<{ _id: string; text: string }>('documents');
    try {
      await documents.insertOne({ _id: 'a', text: 'one' });
      await expect(documents.insertOne({ _id: 'a', text: 'two' })).rejects.toMatchObject({ code: 11000 });
      expect(await documents.findOne({ _id: 'a' })).toEqual({ _id: 'a', text: 'one' });
    } finally {
      await documents.drop();
      await database.close();
    }
  });

  it('MongoDB finds by its indexes what it finds without them', async () => {
    type Doc = { _id: string; a?: string; n?: number; many: number[] };
    const database = await connectMongo(testServers().mongodb, name);
    const [plain, indexed] = [database.collection<Doc>('plain'), database.collection<Doc>('indexed')];
    const documents = Array.from({ length: 300 }, (_, i): Doc => {
      const many = Array.from({ length: i % 4 }, (_, j) => (i * (j + 3)) % 17);
      return { _id: `id-${i}`, ...(i % 5 === 0 ? {} : { a: `a-${i % 23}` }), n: i % 13, many };
    });
    const both = async (act: (on: typeof plain) => Promise<unknown>): Promise<void> => {
      await act(plain);
      await act(indexed);
    };
    const found = (on: typeof plain, query: object) => on.find(query).sort({ n: 1, _id: -1 }).toArray();
    const sums = (on: typeof plain, query: object) =>
      on
        .aggregate([{ $match: query }, { $group: { _id: '$a', n: { $sum: '$n' } } }, { $sort: { _id: 1 } }])
        .toArray();
    const queries: readonly object[] = [
      { a: 'a-3' },
      { a: 'a-3', n: { $gt: 4 } },
      { a: { $in: ['a-1', 'a-2', 'none'] } },
      { a: { $gte: 'a-2', $lt: 'a-4' } },
      { a: { $gt: 'a-22' }, many: 0 },
      { a: null },
      { a: { $ne: 'a-3' } },
      { a: { $exists: false } },
      { many: 6 },
      { many: { $gte: 0 } },
      { many: { $gt: 3, $lt: 5 } },
      { many: [] },
      { _id: 'id-7', n: 7 },
      { _id: { $gt: 'id-2', $lt: 'id-3' }, a: { $ne: null } },
    ];
    try {
      await indexed.createIndex({ a: 1, n: 1 });
      await both((on) => on.insertMany(documents.slice(0, 200)));
      await indexed.createIndex({ many: 1, n: 1 });
      await both((on) => on.insertMany(documents.slice(200)));
      for (const change of [
        async () => undefined,
        (on: typeof plain) => on.updateMany({ a: 'a-3' }, { $set: { a: 'a-22' }, $pull: { many: 6 } }),
        (on: typeof plain) => on.updateMany({ n: 4 }, { $unset: { a: '' }, $push: { many: 4 } }),
        (on: typeof plain) => on.deleteMany({ a: 'a-7' }),
        (on: typeof plain) =>
          on.updateOne({ _id: 'new', n: { $lt: 1 } }, { $set: { many: [6] } }, { upsert: true }),
      ]) {
        await both(change);
        for (const query of queries) {
          expect([query, await found(indexed, query)]).toEqual([query, await found(plain, query)]);
          expect([query, await sums(indexed, query)]).toEqual([query, await sums(plain, query)]);
        }
      }
    } finally {
      await database.drop();
      await database.close();
    }
  });

  it('Redis keeps a key', async () => {
    const redis = createClient({ url: testServers().redis });
    await redis.connect();
    try {
      await redis.set(name, 'one');
      expect(await redis.get(name)).toBe('one');
    } finally {
      await redis.del(name);
      await redis.close();
    }
  });
});
