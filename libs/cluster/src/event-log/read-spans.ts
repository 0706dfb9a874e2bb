import { Unavailable } from '@readership/kernel';
import { randomUUID } from 'node:crypto';
import type { KafkaConfig, KafkaMessage } from 'kafkajs';
import { KafkaGroup, type GroupTiming } from './kafka-group.js';
import { logUnavailable } from './log-unavailable.js';

/** Kafka's offsets: from `from` up to before `to`. */
export interface Span {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

const window = 5_000;
const stallMs = 30_000;

/** Reads parts of a topic once, each in order. Rejects when reading makes no progress for half a minute. */
export async function readSpans(
  of: {
    readonly kafka: KafkaConfig;
    readonly topic: string;
    readonly timing: GroupTiming;
    readonly spans: readonly Span[];
  },
  visit: (message: KafkaMessage, partition: number) => void,
): Promise<void> {
  const { kafka, topic, timing, spans } = of;
  const left = new Map(
    spans.filter(({ from, to }) => from < to).map(({ partition, from, to }) => [partition, { from, to }]),
  );
  if (left.size === 0) return;
  let finish: () => void = () => {};
  let fail: (error: Error) => void = () => {};
  let lastError: unknown;
  const read = new Promise<void>((resolve, reject) => ([finish, fail] = [resolve, reject]));
  const stalled = (): void => {
    const reason = logUnavailable(lastError);
    fail(reason instanceof Unavailable ? reason : new Error(`${topic} cannot be read`, { cause: lastError }));
  };
  let timer = setTimeout(stalled, stallMs);
  const group = new KafkaGroup(
    kafka,
    {
      group: `${topic}.spans.${randomUUID()}`,
      topics: [topic],
      window,
      start: async (_, partition) => left.get(partition)?.from ?? spans[partition]?.to ?? 0,
      take: async (_, partition, messages) => {
        clearTimeout(timer);
        timer = setTimeout(stalled, stallMs);
        const span = left.get(partition);
        if (!span) return;
        for (const message of messages) if (Number(message.offset) < span.to) visit(message, partition);
        span.from = Number(messages.at(-1)!.offset) + 1;
        if (span.from >= span.to) left.delete(partition);
        if (left.size === 0) finish();
      },
      failed: (error) => (lastError = error),
    },
    timing,
  );
  group.join();
  try {
    await read;
  } finally {
    clearTimeout(timer);
    await group.stop();
  }
}
