import { type DeadLetter, type TopicRecord } from '@readership/kernel';
import { Kafka, logLevel, type Admin, type KafkaMessage } from 'kafkajs';
import { randomUUID } from 'node:crypto';
import { testServers } from '../../testing/test-servers.fixture.js';
import { checkIngest, prepareIngest, type IngestTopics } from './ingest-topics.js';
import { KafkaDeadLetters } from './kafka-dead-letters.js';
import { createTopics } from '../event-log/created-topics.js';

const kafka = { clientId: 'readership-spec', brokers: [testServers().kafka], logLevel: logLevel.NOTHING };
let admin: Admin;
let topics: IngestTopics;
const ingest = () => `${topics.namespace}.ingest`;
const deadLetters = () => `${topics.namespace}.dead-letters`;
const prepared = () => prepareIngest({ ...topics, partitions: 2, replication: 1 });

beforeAll(async () => {
  admin = new Kafka(kafka).admin();
  await admin.connect();
});
afterAll(() => admin.disconnect());
beforeEach(() => {
  topics = { kafka, namespace: `spec-${randomUUID()}` };
});
afterEach(async () => {
  const made = (await admin.listTopics()).filter((topic) => topic.startsWith(topics.namespace));
  if (made.length > 0) await admin.deleteTopics({ topics: made });
});

describe('the topics of what others send', () => {
  it('are prepared, once, and are fit then', async () => {
    await prepared();
    await prepared();
    await checkIngest(topics);
    const { topics: found } = await admin.fetchTopicMetadata({ topics: [ingest(), deadLetters()] });
    expect(found.map(({ partitions }) => partitions.length).sort()).toEqual([1, 2]);
  });

  it('are prepared where one of them is there already', async () => {
    await createTopics(admin, [{ topic: deadLetters(), numPartitions: 1 }]);
    await prepared();
    await checkIngest(topics);
  });

  it('are refused when one is missing', async () => {
    await expect(checkIngest(topics)).rejects.toThrow(`${ingest()} does not exist`);
    await prepared();
    await admin.deleteTopics({ topics: [deadLetters()] });
    await expect(checkIngest(topics)).rejects.toThrow(`${deadLetters()} does not exist`);
  });

  it.each([
    [[{ name: 'compression.type', value: 'producer' }], /compression\.type must be uncompressed/],
    [
      [
        { name: 'compression.type', value: 'uncompressed' },
        { name: 'cleanup.policy', value: 'compact' },
      ],
      /cleanup\.policy must be delete/,
    ],
  ])(
    'are refused when records could not be read, or could be lost before: %#',
    async (configEntries, why) => {
      await createTopics(admin, [{ topic: ingest(), configEntries }]);
      await prepared();
      await expect(checkIngest(topics)).rejects.toThrow(why);
    },
  );
});

describe('dead letters on their topic', () => {
  const record = (more: Partial<TopicRecord>): TopicRecord => ({
    offset: 41,
    timestamp: 1_700_000_000_000,
    key: Buffer.from([0xff]),
    value: Buffer.from('{'),
    headers: { 'content-type': 'application/json', rs_reason: 'theirs' },
    ...more,
  });
  const letter = (of: TopicRecord): DeadLetter => ({
    id: 'x',
    topic: 'spec.ingest',
    partition: 3,
    record: of,
    reason: 'MALFORMED_JSON',
    source: 'urn:ils',
  });
  const ours = {
    rs_dead_letter: 'x',
    rs_reason: 'MALFORMED_JSON',
    rs_topic: 'spec.ingest',
    rs_partition: '3',
    rs_offset: '41',
    rs_timestamp: '1700000000000',
    rs_source: 'urn:ils',
  };
  let sender: KafkaDeadLetters;

  beforeEach(async () => {
    await prepared();
    sender = new KafkaDeadLetters(kafka, deadLetters());
  });
  afterEach(() => sender.close());

  async function lying(count: number): Promise<readonly KafkaMessage[]> {
    const consumer = new Kafka(kafka).consumer({ groupId: topics.namespace });
    await consumer.connect();
    await consumer.subscribe({ topics: [deadLetters()], fromBeginning: true });
    const found: KafkaMessage[] = [];
    await new Promise<void>((resolve) => {
      void consumer.run({
        eachMessage: async ({ message }) => {
          found.push(message);
          if (found.length === count) resolve();
        },
      });
    });
    await consumer.disconnect();
    await admin.deleteGroups([topics.namespace]).catch(() => {});
    return found;
  }
  const headersOf = ({ headers }: KafkaMessage) =>
    Object.fromEntries(Object.entries(headers ?? {}).map(([name, text]) => [name, String(text)]));

  it('lie there as the records came, with why and from where', async () => {
    await sender.send([letter(record({})), letter(record({ key: null, value: null, headers: {} }))]);
    const [first, second] = await lying(2);
    expect([first!.key, first!.value]).toEqual([Buffer.from([0xff]), Buffer.from('{')]);
    expect(headersOf(first!)).toEqual({ 'content-type': 'application/json', ...ours });
    expect([second!.key, second!.value, headersOf(second!)]).toEqual([null, null, ours]);
  });

  it('are many and large, and lie there in order whoever sends them at once', async () => {
    const many = (from: number) =>
      Array.from({ length: 20 }, (_, n) =>
        letter(record({ offset: from + n, value: Buffer.alloc(200_000) })),
      );
    await Promise.all([sender.send(many(0)), sender.send(many(100))]);
    const offsets = (await lying(40)).map((message) => Number(headersOf(message)['rs_offset']));
    expect(offsets).toEqual(
      many(0)
        .concat(many(100))
        .map((one) => one.record.offset),
    );
  });

  it('of a record that is too large, only the place and the reason', async () => {
    await sender.send([
      letter(record({ value: Buffer.alloc(4_000_000) })),
      letter(record({ headers: { long: 'x'.repeat(4_000_000) } })),
      letter(record({ key: Buffer.alloc(4_000_000) })),
    ]);
    for (const message of await lying(3)) {
      expect([message.value, headersOf(message)]).toEqual([null, { ...ours, rs_content: 'too-large' }]);
    }
  });
});
