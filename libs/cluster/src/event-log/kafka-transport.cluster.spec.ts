import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Controller, Module, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import type { TopicBatch } from '@readership/kernel';
import { Kafka, logLevel, type Admin, type KafkaConfig, type Message } from 'kafkajs';
import { testServers } from '../../testing/test-servers.fixture.js';
import { KafkaTransport, type KafkaTransportOptions, type TopicBatches } from './kafka-transport.js';
import { createTopics } from './created-topics.js';

const kafka: KafkaConfig = {
  clientId: 'readership-spec',
  brokers: [testServers().kafka],
  logLevel: logLevel.NOTHING,
};
const timing = { heartbeatMs: 150, sessionMs: 6_000, rebalanceMs: 3_000, fetchWaitMs: 50 };
const run = randomUUID();
const ingest = `spec-ingest-${run}`;
const other = `spec-other-${run}`;

let admin: Admin;
let group: string;
let applications: INestMicroservice[];
/** What the handlers were called with, and how they answer. */
let taken: TopicBatch[];
let overheard: TopicBatch[];
let handling: (batch: TopicBatch) => Promise<void>;
let errors: unknown[];

@Controller()
class Ingest {
  @EventPattern<TopicBatches>(ingest)
  async take(@Payload() batch: TopicBatch): Promise<void> {
    await handling(batch);
    taken.push(batch);
  }

  @EventPattern<TopicBatches>(other)
  async one(@Payload() batch: TopicBatch): Promise<void> {
    taken.push(batch);
  }

  @EventPattern<TopicBatches>(other)
  async two(@Payload() batch: TopicBatch): Promise<void> {
    overheard.push(batch);
    await handling(batch);
  }
}

@Module({ controllers: [Ingest] })
class IngestModule {}

@Controller()
class Asking {
  @MessagePattern('question')
  answer(): number {
    return 42;
  }
}

@Module({ controllers: [Asking] })
class AskingModule {}

async function listening(
  more: Partial<KafkaTransportOptions> = {},
  module = IngestModule,
): Promise<INestMicroservice> {
  const strategy = new KafkaTransport({
    kafka,
    group,
    timing,
    onError: (error) => errors.push(error),
    ...more,
  });
  const application = await NestFactory.createMicroservice(module, { strategy, logger: false });
  applications.push(application);
  await application.listen();
  return application;
}

async function send(topic: string, messages: Message[]): Promise<void> {
  // When one partition is not ready yet, the client sends the whole request again; idempotent, no other gets it twice.
  const producer = new Kafka(kafka).producer({ idempotent: true });
  await producer.connect();
  await producer.send({ topic, messages });
  await producer.disconnect();
}

const numbered = (from: number, to: number, partition = 0): Message[] =>
  Array.from({ length: to - from + 1 }, (_, i) => ({ key: 'k', value: String(from + i), partition }));

const values = (batches: readonly TopicBatch[]) =>
  batches.flatMap(({ records }) => records.map(({ value }) => value?.toString()));

const asText = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => String(from + i));

async function until(holds: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> {
  for (const end = performance.now() + ms; !(await holds());) {
    if (performance.now() > end) throw new Error(`not within ${ms} ms`);
    await pause(5);
  }
}

beforeAll(async () => {
  admin = new Kafka(kafka).admin();
  await admin.connect();
});

afterAll(() => admin.disconnect());

beforeEach(async () => {
  group = `spec-group-${randomUUID()}`;
  applications = [];
  taken = [];
  overheard = [];
  errors = [];
  handling = async () => {};
  await createTopics(admin, [
    { topic: ingest, numPartitions: 2 },
    { topic: other, numPartitions: 1 },
  ]);
});

afterEach(async () => {
  await Promise.all(applications.map((application) => application.close()));
  await admin.deleteGroups([group]).catch(() => {});
  await admin.deleteTopics({ topics: [ingest, other] });
  await until(async () => !(await admin.listTopics()).some((topic) => topic.endsWith(run)));
});

it('calls the handler of a topic once per batch, with the records as they were sent', async () => {
  const headers = { 'content-type': 'application/json', twice: ['a', 'b'] };
  await send(ingest, [
    { partition: 1, key: 'k', value: '{"a":1}', headers, timestamp: '1700000000000' },
    { partition: 1, key: null, value: null },
  ]);
  await listening();
  await until(() => values(taken).length === 2);
  expect(taken).toEqual([
    {
      topic: ingest,
      partition: 1,
      records: [
        {
          offset: 0,
          key: Buffer.from('k'),
          value: Buffer.from('{"a":1}'),
          headers: { 'content-type': 'application/json', twice: 'a' },
          timestamp: 1_700_000_000_000,
        },
        { offset: 1, key: null, value: null, headers: {}, timestamp: expect.any(Number) },
      ],
    },
  ]);
});

it('tells what waits in every partition, and since when of what is in hand', async () => {
  let done = (): void => {};
  const held = new Promise<void>((resolve) => (done = resolve));
  handling = () => held;
  const sentAt = 1_700_000_000_000;
  await send(
    ingest,
    numbered(1, 25).map((message) => ({ ...message, timestamp: String(sentAt) })),
  );
  const strategy = new KafkaTransport({ kafka, group, timing, window: 10 });
  const idle = { topic: ingest, partition: 1, records: 0, sentAt: null };
  const lag = async () =>
    (await strategy.lag()).filter(({ topic }) => topic === ingest).sort((a, b) => a.partition - b.partition);
  expect(await lag()).toEqual([]);
  const application = await NestFactory.createMicroservice(IngestModule, { strategy, logger: false });
  applications.push(application);
  await application.listen();
  const waiting = { topic: ingest, partition: 0, records: 25, sentAt };
  await until(async () => (await lag())[0]?.sentAt === sentAt);
  expect(await lag()).toEqual([waiting, idle]);
  done();
  await until(async () => (await lag())[0]?.records === 0);
  expect(await lag()).toEqual([{ ...waiting, records: 0, sentAt: null }, idle]);
});

it('delivers in order, at most a window at a time', async () => {
  await send(ingest, numbered(1, 25));
  await listening({ window: 10 });
  await until(() => values(taken).length === 25);
  expect(values(taken)).toEqual(asText(1, 25));
  expect(taken.map(({ records }) => records.length)).toEqual([10, 10, 5]);
});

it('begins again where the group has come to, and after what was handled', async () => {
  await send(ingest, numbered(1, 5));
  const first = await listening();
  await until(() => values(taken).length === 5);
  await first.close();
  await send(ingest, numbered(6, 8));
  await listening();
  await until(() => values(taken).length >= 8);
  await pause(200);
  expect(values(taken)).toEqual(asText(1, 8));
});

it('gives a batch again, to another too, whose handler was not done', async () => {
  await send(ingest, numbered(1, 5));
  handling = async () => {
    throw new Error('not yet');
  };
  const first = await listening();
  await until(() => errors.length > 0);
  await first.close();
  handling = async () => {};
  await listening();
  await until(() => values(taken).length >= 5);
  expect(values(taken)).toEqual(asText(1, 5));
});

it('rests a partition whose handler throws, longer each time, and loses nothing', async () => {
  const calls: number[] = [];
  handling = async ({ partition }) => {
    if (partition !== 0) return;
    calls.push(performance.now());
    // Goes on only when the other partition has gone on meanwhile, however late that was fetched.
    if (calls.length <= 4 || taken.length === 0) throw new Error('not yet');
  };
  await send(ingest, [...numbered(1, 3, 0), ...numbered(4, 6, 1)]);
  await listening();
  await until(() => values(taken).length >= 6, 30_000);
  expect(values(taken)).toEqual([...asText(4, 6), ...asText(1, 3)]);
  expect(errors).toHaveLength(calls.length - 1);
  const rests = calls.slice(1, 5).map((at, i) => at - calls[i]!);
  for (const [i, leastMs] of [50, 100, 200, 400].entries()) expect(rests[i]).toBeGreaterThan(leastMs - 5);
});

it('calls every handler of a topic once per batch, and again when one of them throws', async () => {
  let fails = true;
  handling = async () => {
    if (fails) throw new Error('not yet');
  };
  await send(other, numbered(1, 2));
  await listening();
  await until(() => errors.length === 1);
  fails = false;
  await until(() => overheard.length === 2);
  await pause(100);
  expect([values(taken), values(overheard)]).toEqual([
    ['1', '2', '1', '2'],
    ['1', '2', '1', '2'],
  ]);
});

it('has no handler running when the application is closed', async () => {
  let running = 0;
  handling = async () => {
    running++;
    await pause(200);
    running--;
  };
  await send(ingest, numbered(1, 20));
  const application = await listening({ window: 1 });
  await until(() => running > 0);
  await application.close();
  expect(running).toBe(0);
  const before = taken.length;
  await pause(300);
  expect(taken).toHaveLength(before);
  await listening();
  await until(() => values(taken).length >= 20);
  expect(values(taken)).toEqual(asText(1, 20));
});

it('shares the partitions of a topic between two applications', async () => {
  await listening();
  await listening();
  for (let n = 1; n <= 20; n++) {
    await send(ingest, [...numbered(n, n, 0), ...numbered(100 + n, 100 + n, 1)]);
  }
  await until(() => new Set(values(taken)).size === 40);
});

it('refuses handlers that want to answer', async () => {
  await expect(listening({}, AskingModule)).rejects.toThrow('topics give no answers: question');
});
