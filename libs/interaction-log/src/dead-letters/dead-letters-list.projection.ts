import type { Projection, Stored } from '@readership/kernel';
import { refusedAgain, type DeadLetterStatus } from './dead-letter.decider.js';
import type { DeadLetterEvent, Parked } from './dead-letter.events.js';

export interface ListedDeadLetter extends Omit<Parked, 'parts'> {
  readonly id: string;
  readonly state: DeadLetterStatus;
  readonly parkedAt: string;
  /** When it was last replayed or discarded, whether that succeeded or not. */
  readonly triedAt: string | null;
  /** True when its content is kept, so that it can be replayed. */
  readonly kept: boolean;
  /** The interaction that it was taken as in the end. */
  readonly interaction: string | null;
}

/** Every dead letter, listed by state in the order in which they were parked. */
export const deadLettersList: Projection<Stored<DeadLetterEvent>, ListedDeadLetter> = {
  name: 'dead-letters-list',
  version: 1,
  on: ['RecordParked', 'RecordReplayed', 'ReplayRefused', 'RecordDiscarded'],
  key: (event) => event.key,
  apply(row, event) {
    if (event.type === 'RecordParked') {
      const { topic, partition, offset, sentAt, source, key, reason, pointer, parts } = event.data;
      return {
        id: event.stream.slice('dead-letter-'.length),
        state: 'parked',
        topic,
        partition,
        offset,
        sentAt,
        source,
        key,
        reason,
        ...(pointer === undefined ? {} : { pointer }),
        kept: parts > 0,
        parkedAt: event.recordedAt,
        triedAt: null,
        interaction: null,
      };
    }
    if (row === null) return null;
    const tried = { ...row, triedAt: event.recordedAt };
    switch (event.type) {
      case 'RecordReplayed':
        return { ...tried, state: 'replayed', interaction: event.data.interaction };
      case 'ReplayRefused':
        return refusedAgain(tried, event.data);
      case 'RecordDiscarded':
        return { ...tried, state: 'discarded' };
      case 'ContentKept':
        return row;
    }
  },
  indexes: { oldest: (row) => [`all/${place(row)}`, `${row.state}/${place(row)}`] },
};

/** Ordered by time, then by their place on the topic. */
function place({ parkedAt, topic, partition, offset }: ListedDeadLetter): string {
  return `${parkedAt}/${topic}/${String(partition).padStart(5, '0')}/${String(offset).padStart(16, '0')}`;
}
