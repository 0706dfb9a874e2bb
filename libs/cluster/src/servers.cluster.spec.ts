import { Kafka, logLevel } from 'kafkajs';
import { createClient } from 'redis';
import { uuidv7 } from 'uuidv7';
import { backends } from './backends.js';
import { connectMongo } from './mongo.js';

const name = `servers-${uuidv7()}`;

describe('the servers of the cluster suites', () => {
  it('Kafka hands over the record that was sent to it', async () => {
    const kafka = new Kafka({ brokers: [backends().kafka], logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    const producer = kafka.producer({ idempotent: true });
    const consumer = kafka.consumer({ groupId: name });
    await Promise.all([admin.connect(), producer.connect(), consumer.connect()]);
    try {
      await admin.createTopics({ topics: [{ topic: name, numPartitions: 1 }], waitForLeaders: true });
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
    const database = await connectMongo(backends().mongodb, name);
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

  it('Redis keeps a key', async () => {
    const redis = createClient({ url: backends().redis });
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
