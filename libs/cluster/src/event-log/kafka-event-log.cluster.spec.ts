import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Kafka, type KafkaConfig, type Message } from 'kafkajs';
import { checkEventLog, prepareEventLog, TopicRefused } from './event-log-topic.js';
import type { KafkaEventLog, KafkaEventLogOptions } from './kafka-event-log.js';
import {
  collect,
  dyingBeforeTheLane,
  kafka,
  kept,
  partitions,
  recordAt,
  records,
  servers,
  ScratchTopic,
  timing,
  until,
  upTo,
} from '../../testing/scratch-topic.fixture.js';
import { createTopics } from './created-topics.js';

let on: ScratchTopic;
let topic: string;
let admin: ScratchTopic['admin'];

beforeEach(async () => {
  on = await ScratchTopic.make();
  ({ topic, admin } = on);
});
afterEach(() => on.close());

const openLog = (more: Partial<KafkaEventLogOptions> = {}): KafkaEventLog => on.openLog(more);

async function sendRaw(messages: Message[]): Promise<void> {
  // When one partition is not ready yet, the client sends the whole request again; idempotent, no other gets it twice.
  const producer = new Kafka(kafka).producer({ idempotent: true });
  await producer.connect();
  await producer.send({ topic, messages });
  await producer.disconnect();
}

it('after a crash between send and lane the same positions are sent again and a consumer drops them', async () => {
  await expect(
    openLog({ database: dyingBeforeTheLane(on.database) }).publish('profile', 0, 0, 3, records(3)),
  ).rejects.toThrow('crashed');
  const log = openLog();
  expect(await log.lane('profile', 0)).toEqual({ scanned: 0, published: 0 });
  expect(await log.publish('profile', 0, 0, 5, records(5))).toBe('published');
  expect(await log.publish('profile', 0, 5, 6, records(6, 6))).toBe('published');
  const { taken } = await collect(log);
  await until(() => taken[0]!.length === 9);
  expect(taken[0]!.map(({ position, previous }) => [previous, position])).toEqual([
    ...[[0, 1], [1, 2], [2, 3]], // prettier-ignore
    ...[[0, 1], [1, 2], [2, 3], [3, 4], [4, 5]], // prettier-ignore
    [5, 6],
  ]);
  expect(kept(taken[0]!)).toEqual(upTo(6));
  const sums = await log.account(0);
  expect(sums.map(({ type, records: n }) => `${type} ${n}`).sort()).toEqual(['Even 3', 'Odd 3']);
});

it('two relays at once leave every position on the log, without a gap', async () => {
  const last = 60;
  const relay = async (log: KafkaEventLog, page: number) => {
    for (;;) {
      const { scanned } = await log.lane('profile', 0);
      if (scanned >= last) return;
      const to = Math.min(last, scanned + page);
      await log.publish('profile', 0, scanned, to, records(to, scanned + 1));
    }
  };
  await Promise.all([relay(openLog(), 3), relay(openLog(), 4), relay(openLog(), 7)]);
  const reader = openLog();
  const { taken } = await collect(reader);
  const [end] = await reader.ends();
  await until(() => taken[0]!.length === end);
  expect(kept(taken[0]!)).toEqual(upTo(last));
});

/** A TCP proxy to the broker whose connections can be cut. */
async function cuttable(): Promise<{
  readonly config: KafkaConfig;
  cut(): void;
  silence(): void;
  close(): void;
}> {
  const [host, port] = servers.kafka.split(':') as [string, string];
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect({ host, port: Number(port) });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      // prettier-ignore
      sockets.add(one);
      one.pipe(other);
      one.on('error', () => {});
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const near = (server.address() as AddressInfo).port;
  const cut = () => sockets.forEach((socket) => socket.resetAndDestroy());
  return {
    config: {
      ...kafka,
      socketFactory: ({ onConnect }) => connect({ host: '127.0.0.1', port: near }, onConnect),
    },
    cut,
    // Existing connections stay open and carry nothing any more.
    silence: () => sockets.forEach((socket) => socket.unpipe()),
    close: () => {
      cut();
      server.close();
    },
  };
}

it('goes on when every connection is lost again and again', async () => {
  const way = await cuttable();
  const log = openLog({ kafka: way.config });
  const { taken } = await collect(log);
  const last = 300;
  let cuts = 0;
  const cutting = setInterval(() => {
    if (++cuts <= 5) way.cut();
  }, 500);
  for (let scanned = 0; scanned < last || cuts < 5; scanned = (await log.lane('profile', 0)).scanned) {
    if (scanned < last) {
      const page = records(scanned + 3, scanned + 1);
      await log.publish('profile', 0, scanned, scanned + 3, page).catch(() => {});
    }
    await pause(20);
  }
  clearInterval(cutting);
  const [end] = await openLog().ends();
  await until(() => taken[0]!.length === end, 90_000);
  expect(kept(taken[0]!)).toEqual(upTo(last));
  expect(taken[0]!.map(({ offset }) => offset)).toEqual(upTo(taken[0]!.length));
  await log.stop();
  way.close();
});

it('goes on when its connections fall silent', async () => {
  const way = await cuttable();
  const log = openLog({ kafka: { ...way.config, requestTimeout: 1_000 } });
  const { taken } = await collect(log);
  await log.publish('profile', 0, 0, 3, records(3));
  await until(() => taken[0]!.length === 3);
  way.silence();
  for (let done = false; !done;) {
    done = await log.publish('profile', 0, 3, 6, records(6, 4)).then(
      () => true,
      () => false,
    );
  }
  // Each connection has to be given up, the group left and joined again: some ten seconds, more on a busy machine.
  await until(() => kept(taken[0]!).length === 6, 90_000);
  expect(kept(taken[0]!)).toEqual(upTo(6));
  await log.stop();
  way.close();
});

it('halts a consumer that has come further than the topic reaches', async () => {
  const before = openLog();
  await before.publish('profile', 0, 0, 5, records(5));
  await on.recreate();
  const errors: unknown[] = [];
  const log = openLog({ onError: (error, where) => errors.push([(error as Error).name, where.partition]) });
  const { taken } = await collect(log, 5);
  await log.publish('profile', 0, 5, 8, records(8, 6));
  await until(() => errors.length >= partitions);
  await pause(300);
  expect(errors.sort()).toEqual([0, 1, 2].map((partition) => ['LogCut', partition]));
  expect(taken.flat()).toEqual([]);
});

it('halts a consumer whose next record is not kept any more', async () => {
  const errors: unknown[] = [];
  const log = openLog({ onError: (error, where) => errors.push([(error as Error).name, where.partition]) });
  await log.publish('profile', 0, 0, 5, records(5));
  // The admin client deletes only on topics that it has met.
  await admin.fetchTopicOffsets(topic);
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '2' }] });
  const { taken } = await collect(log, 0);
  await until(() => errors.length > 0);
  expect(errors).toEqual([['LogCut', 0]]);
  expect(taken.flat()).toEqual([]);
});

it('skips what is none of ours, tells of it, and does not count it', async () => {
  const foreign: unknown[] = [];
  const log = openLog({ onForeign: (where) => foreign.push(where) });
  await sendRaw([{ partition: 0, value: 'hello' }]);
  await log.publish('profile', 0, 0, 2, records(2));
  await sendRaw([{ partition: 0, key: 'k', value: null, headers: { ce_id: '1' } }]);
  const { taken } = await collect(log);
  await until(() => taken[0]!.length === 2 && foreign.length === 2);
  expect(taken[0]!.map(({ offset, position }) => [offset, position])).toEqual([
    [2, 1],
    [3, 2],
  ]);
  expect(foreign).toEqual([0, 3].map((offset) => ({ group: 'reader', partition: 0, offset })));
  expect((await log.account(0)).reduce((sum, { records: n }) => sum + n, 0)).toBe(2);
});

it('halts the partition alone in which a record of ours cannot be read, after what came before it', async () => {
  const errors: string[] = [];
  const log = openLog({ onError: (error) => errors.push((error as Error).message) });
  await log.publish('profile', 0, 0, 2, records(2));
  await sendRaw([
    { partition: 0, key: 'k', value: '{}', headers: { rs_context: 'profile', rs_position: '3' } },
  ]);
  await log.publish('profile', 0, 2, 4, records(4, 4));
  const { taken } = await collect(log);
  await until(() => errors.length >= 3);
  await log.publish('profile', 1, 0, 1, [recordAt(1, { partition: 1 })]);
  await until(() => taken[1]!.length === 1);
  expect(taken[0]!.map(({ position }) => position)).toEqual([1, 2]);
  expect(new Set(errors)).toEqual(
    new Set([`${topic}/0 halts at offset 2: a record of ours cannot be read: ce_type is missing`]),
  );
});

it('holds up no other partition, and keeps its place in the group, while a take lasts', async () => {
  const log = openLog();
  let starts = 0;
  let calls = 0;
  const others: number[] = [];
  await log.consume({
    group: 'reader',
    window: 10,
    start: async (partition) => {
      if (partition === 0) starts++;
      return partition === 0 ? 0 : others.length;
    },
    take: async (partition, fresh) => {
      if (partition === 1) others.push(...fresh.map(({ position }) => position));
      if (partition !== 0) return;
      calls++;
      await pause(timing.sessionMs + 1_500);
    },
  });
  await log.publish('profile', 0, 0, 1, records(1));
  await until(() => calls === 1);
  for (const position of upTo(20)) {
    await log.publish('profile', 1, position - 1, position, [recordAt(position, { partition: 1 })]);
    await pause(300);
  }
  await until(() => others.length === 20, 500);
  await pause(timing.sessionMs + 2_000 - 20 * 300);
  expect([starts, calls]).toEqual([1, 1]);
  expect(others).toEqual(upTo(20));
});

it('sends pages that are larger than a request may be', async () => {
  const log = openLog();
  const body = JSON.stringify('ü'.repeat(32_000));
  const page = upTo(40).map((position) => recordAt(position, { body }));
  expect(await log.publish('profile', 0, 0, 40, page)).toBe('published');
  const { taken } = await collect(log);
  await until(() => taken[0]!.length === 40);
  expect(taken[0]!.map(({ position }) => position)).toEqual(upTo(40));
  expect(taken[0]!.every((record) => record.body === body)).toBe(true);
});

it('tells lag tools how far a group has come', async () => {
  const log = openLog();
  await log.publish('profile', 0, 0, 5, records(5));
  await collect(log, 0, 'analytics');
  await until(async () => {
    const [offsets] = await admin.fetchOffsets({ groupId: `${topic}.analytics`, topics: [topic] });
    return offsets!.partitions.some(({ partition, offset }) => partition === 0 && offset === '5');
  });
});

describe('at boot the topic', () => {
  it('is created once, and is fit then', async () => {
    await prepareEventLog({ kafka, topic, partitions, replication: 1 });
    await expect(checkEventLog({ kafka, topic, partitions })).resolves.toBeUndefined();
  });

  it('is refused in one line when it drops records or has another number of partitions', async () => {
    const name = `${topic}-short`;
    await createTopics(admin, [
      { topic: name, numPartitions: 2, configEntries: [{ name: 'retention.ms', value: '1000' }] },
    ]);
    await expect(prepareEventLog({ kafka, topic: name, partitions, replication: 1 })).rejects.toThrow(
      new TopicRefused(
        `${name} cannot be the event log: it has 2 partitions, not 3; retention.ms is 1000, not -1`,
      ),
    );
    await admin.deleteTopics({ topics: [name] });
  });

  it('is refused when it does not exist', async () => {
    await expect(checkEventLog({ kafka, topic: `${topic}-none`, partitions })).rejects.toThrow(
      'it does not exist',
    );
  });
});
