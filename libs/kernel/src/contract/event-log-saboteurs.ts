import type { EventLog, LogConsumer, LogRecord } from '../ports/event-log.js';
import { around, type Saboteur } from './contract.js';

type EventLogSaboteur = Saboteur<EventLog>;

const simple = (
  name: string,
  breaks: string,
  replaced: (log: EventLog) => Partial<EventLog>,
): EventLogSaboteur => ({
  name,
  breaks,
  begin: () => (log) => around(log, replaced(log)),
});

const consuming = (
  name: string,
  breaks: string,
  change: (consumer: LogConsumer) => Partial<LogConsumer>,
): EventLogSaboteur =>
  simple(name, breaks, (log) => ({
    consume: (consumer) => log.consume({ ...consumer, ...change(consumer) }),
  }));

/** Gives several batches to the consumer as one. */
function gathering(consumer: LogConsumer): Partial<LogConsumer> {
  const held = new Map<number, LogRecord[]>();
  return {
    take: async (partition, records) => {
      const all = [...(held.get(partition) ?? []), ...records];
      held.set(partition, all);
      if (all.length >= consumer.window) await consumer.take(partition, all);
    },
  };
}

const inOrder = 'publish stores the records in order and moves the lane';
const again = 'when take throws, delivery begins again at start, each pause longer';
const withoutAsking = 'a process that consumes the log comes to know its ends without asking';
const stale = 'when the lane is not at from, publish answers stale and stores nothing new';

/** Wrappers that each break one guarantee of a correct event log. */
export const eventLogSaboteurs: readonly EventLogSaboteur[] = [
  simple('drops a record', 'a record carries the position that its context published before it', (log) => ({
    publish: (context, partition, from, to, records) =>
      log.publish(
        context,
        partition,
        from,
        to,
        records.filter(({ position }) => position !== 6),
      ),
  })),
  consuming('delivers out of order', inOrder, (consumer) => ({
    take: (partition, records) => consumer.take(partition, [...records].reverse()),
  })),
  simple('publishes again when the lane has moved', stale, (log) => ({
    publish: async (context, partition, from, to, records) => {
      const outcome = await log.publish(context, partition, from, to, records);
      if (outcome === 'published') return outcome;
      const { scanned } = await log.lane(context, partition);
      await log.publish(context, partition, scanned, Math.max(to, scanned), records);
      return 'stale';
    },
  })),
  simple('says that it published when it is stale', stale, (log) => ({
    publish: async (...args) => {
      await log.publish(...args);
      return 'published';
    },
  })),
  simple(
    'leaves the lane where it is when nothing is published',
    'a lane moves over what publishes nothing',
    (log) => ({
      publish: async (context, partition, from, to, records) =>
        records.length === 0 ? 'published' : log.publish(context, partition, from, to, records),
    }),
  ),
  {
    name: 'forgets what it published when it is opened again',
    breaks: 'what was published is durable and a record is kept for ever',
    begin: () => {
      let openings = 0;
      return (log) =>
        ++openings === 1
          ? log
          : around(log, {
              ends: async () => Array.from({ length: log.partitions }, () => 0),
              consume: async () => ({ stop: async () => undefined }),
            });
    },
  },
  simple('knows no ends', withoutAsking, () => ({ knownEnds: () => null })),
  {
    name: 'keeps to the ends that it knew first',
    breaks: withoutAsking,
    begin: () => {
      let first: readonly number[] | null = null;
      return (log) => around(log, { knownEnds: () => (first ??= log.knownEnds()) });
    },
  },
  consuming(
    'forgets what came before a record',
    'a record carries the position that its context published before it',
    (consumer) => ({
      take: (partition, records) =>
        consumer.take(
          partition,
          records.map((record): LogRecord => ({ ...record, previous: 0 })),
        ),
    }),
  ),
  consuming('goes on when take throws', again, (consumer) => ({
    take: (partition, records) => consumer.take(partition, records).catch(() => undefined),
  })),
  consuming('begins again without a pause', again, (consumer) => ({
    take: async (partition, records) => {
      for (;;) {
        try {
          await consumer.start(partition);
          return await consumer.take(partition, records);
        } catch {
          // Back to the default: immediately.
        }
      }
    },
  })),
  consuming(
    'does not say what it takes away',
    'a consumer is told when a partition is no longer assigned to it',
    () => ({ revoked: () => undefined }),
  ),
  consuming(
    'does not ask where to begin',
    'records are delivered from the offset the consumer names',
    () => ({
      start: async () => 0,
    }),
  ),
  consuming(
    'ignores the window',
    'records are delivered in order, at most a window at a time, one call at a time per partition',
    () => ({ window: 1000 }),
  ),
  simple(
    'gives less at once than it says',
    'a consumer gets at most windowMax records at once, whatever it asks for, and so many when they are there',
    (log) => ({ windowMax: log.windowMax * 2 }),
  ),
  consuming(
    'gives as much at once as is asked for',
    'a consumer gets at most windowMax records at once, whatever it asks for, and so many when they are there',
    (consumer) => gathering(consumer),
  ),
  {
    name: 'delivers to the first group only',
    breaks: 'records are delivered to every group, those already there and those to come',
    begin: () => {
      let first: string | null = null;
      return (log) =>
        around(log, {
          consume: async (consumer) => {
            first ??= consumer.group;
            return consumer.group === first ? log.consume(consumer) : { stop: async () => undefined };
          },
        });
    },
  },
  simple(
    'stops without waiting',
    'stop resolves when no call of take is under way and none will come',
    (log) => ({
      consume: async (consumer) => {
        const consumption = await log.consume(consumer);
        return { stop: async () => void consumption.stop() };
      },
    }),
  ),
  simple(
    'accounts for all where a part was asked',
    'an account counts the records of each context and type, up to an offset',
    (log) => ({
      account: (partition) => log.account(partition),
    }),
  ),
  simple(
    'says that a lane moved back, and leaves it',
    'a lane that is moved back publishes again at the same positions, unless nothing can be missing',
    () => ({ moveBack: async (_context, _partition, to) => to }),
  ),
  simple(
    'takes what it reaches for the number of records',
    'the reach is how far the records of each context follow one another',
    (log) => ({
      reach: async (partition) =>
        Object.fromEntries((await log.account(partition)).map(({ context, records }) => [context, records])),
    }),
  ),
];
