import { encodeRecord } from '@readership/cluster';
import { partitionOf, type NewRecord } from '@readership/kernel';
import type { KafkaMessage, Message } from 'kafkajs';
import { randomUUID } from 'node:crypto';
import { injectedContext } from './records.js';
import type { Fault } from './schedule.js';
import type { Topic } from './topic.js';

export interface Poisoned {
  readonly key: string;
  readonly partition: number;
  /** True when the operator gives up what cannot be read. */
  readonly discarded: boolean;
}

type RecordFault = Extract<
  Fault,
  { kind: 'duplicate' | 'replay' | 'reorder' | 'poison' | 'foreign' | 'tombstone' }
>;

/** Sends records that no relay would send. */
export class Injector {
  readonly poisoned: Poisoned[] = [];
  /** The last position of our own lane, by partition. */
  private readonly positions = new Map<number, number>();

  constructor(
    private readonly topic: Topic,
    private readonly partitions: number,
  ) {}

  async inject(fault: RecordFault): Promise<void> {
    switch (fault.kind) {
      case 'duplicate':
      case 'replay':
      case 'reorder':
        return this.topic.send(again(fault, (await this.topic.read())[fault.partition]!, fault.partition));
      case 'poison':
        return this.poison(fault);
      case 'foreign':
        return this.topic.send([{ partition: fault.partition, key: 'foreign', value: 'not one of ours' }]);
      case 'tombstone':
        return this.topic.send([{ partition: fault.partition, key: randomUUID(), value: null }]);
    }
  }

  /**
   * Sends a fact that cannot be read, and one of the same key that can. They are about a person who was never
   * registered.
   */
  private async poison({ discarded }: Extract<Fault, { kind: 'poison' }>): Promise<void> {
    const key = randomUUID();
    const partition = partitionOf(key, this.partitions);
    const moved = { personId: key, homeBranch: 'A', since: '2024-01-01' };
    const first = (this.positions.get(partition) ?? 0) + 1;
    this.positions.set(partition, first + 1);
    await this.topic.send([
      encodeRecord(factAbout(key, partition, first, 'InteractionRecorded', '{"interaction":'), first - 1)
        .message,
      encodeRecord(factAbout(key, partition, first + 1, 'PatronMoved', JSON.stringify(moved)), first).message,
    ]);
    this.poisoned.push({ key, partition, discarded });
  }
}

/** Repeats some records of a partition: a sequence, the last ones, or some in another order. */
function again(
  { kind, at, count }: Extract<Fault, { kind: 'duplicate' | 'replay' | 'reorder' }>,
  messages: readonly KafkaMessage[],
  partition: number,
): readonly Message[] {
  const from = kind === 'replay' ? Math.max(0, messages.length - count) : Math.floor(at * messages.length);
  const chosen = messages.slice(from, from + count);
  if (kind === 'reorder') chosen.reverse();
  return chosen.map(({ key, value, headers }) => ({ partition, key, value, headers: { ...headers } }));
}

function factAbout(key: string, partition: number, position: number, type: string, body: string): NewRecord {
  const now = new Date().toISOString();
  return {
    partition,
    context: injectedContext,
    position,
    key,
    type,
    schema: 1,
    stream: `chaos-${key}`,
    id: randomUUID(),
    time: now,
    recordedAt: now,
    actor: 'chaos',
    body,
  };
}
