import assert from 'node:assert/strict';
import type { Consumption, EventLog, LogConsumer, LogRecord, NewRecord } from '../ports/event-log.js';
import { until, within, type Fixture } from './contract.js';

export type EventLogFixture = Fixture<EventLog>;

/** A record of the context at a position. */
export function recordAt(partition: number, position: number, more: Partial<NewRecord> = {}): NewRecord {
  return {
    partition,
    context: 'profile',
    position,
    key: `key-${position % 3}`,
    type: position % 2 === 0 ? 'Even' : 'Odd',
    schema: 1,
    stream: `note-${position}`,
    id: `id-${partition}-${position}`,
    time: '2026-03-01T10:00:00.000Z',
    recordedAt: '2026-03-01T10:00:01.000Z',
    actor: 'contract',
    body: JSON.stringify({ position }),
    ...more,
  };
}

/** Publishes records of the context at the positions after `from`. */
export function publish(
  log: EventLog,
  partition: number,
  from: number,
  positions: readonly number[],
  more: Partial<NewRecord> = {},
) {
  const records = positions.map((position) => recordAt(partition, position, more));
  return log.publish(more.context ?? 'profile', partition, from, positions.at(-1) ?? from, records);
}

export interface Collected extends Consumption {
  readonly records: (partition: number) => readonly LogRecord[];
}

export async function collect(
  log: EventLog,
  consumer: Partial<LogConsumer> & { group: string },
): Promise<Collected> {
  const got = new Map<number, LogRecord[]>();
  const records = (partition: number) => {
    if (!got.has(partition)) got.set(partition, []);
    return got.get(partition)!;
  };
  const consumption = await log.consume({
    window: 100,
    start: async (partition) => records(partition).at(-1)?.offset ?? 0,
    ...consumer,
    take: async (partition, fresh) => {
      await consumer.take?.(partition, fresh);
      records(partition).push(...fresh);
    },
  });
  return { records, stop: () => within('stop', consumption.stop()) };
}

/** All records of a partition that holds `n` records, read by a new group. */
export async function recordsOf(
  log: EventLog,
  partition: number,
  n: number,
  group = 'reader',
): Promise<readonly LogRecord[]> {
  const reader = await collect(log, { group });
  await until(`${n} records are delivered`, () => reader.records(partition).length >= n);
  await reader.stop();
  assert.equal(reader.records(partition).length, n);
  return reader.records(partition);
}

export const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);
export const positions = (records: readonly LogRecord[]) => records.map(({ position }) => position);
