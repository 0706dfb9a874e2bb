import { Inject, Injectable } from '@nestjs/common';
import { Secrets, type Problem } from '@readership/host';
import {
  DeadLetters,
  digest,
  EventStore,
  keyed,
  streamOf,
  uuid5,
  type DeadLetter,
  type Meta,
  type TopicRecord,
} from '@readership/kernel';
import { createHash } from 'node:crypto';
import { deadLetter } from './dead-letter.decider.js';
import { contentOf } from './record-content.js';

const namespace = '2f0b7c6e-5d1a-4c39-8e0f-7a4d3b9c1e52';
const storedAtOnce = 100;

/** A record of a topic that was not taken, why, and its presumed sender. */
export interface NotTaken {
  readonly topic: string;
  readonly partition: number;
  readonly record: TopicRecord;
  readonly problem: Problem;
  readonly source: string | null;
}

@Injectable()
export class ParkedRecords {
  constructor(
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(DeadLetters) private readonly topic: DeadLetters,
    @Inject(Secrets) private readonly secrets: Secrets,
  ) {}

  /**
   * Stores each record in its own stream, then sends a notice to the dead-letter topic. A record that was stored before
   * is not stored again, whatever happened to it since. Its notice may be sent again.
   */
  async park(records: readonly NotTaken[], meta: Meta): Promise<void> {
    const ids = records.map(idOf);
    for (let from = 0; from < records.length; from += storedAtOnce) {
      const commits = records.slice(from, from + storedAtOnce).map((record, at) => {
        const id = ids[from + at]!;
        return {
          stream: streamOf(deadLetter.category, id),
          expectedVersion: 0,
          events: deadLetter.decide(this.command(record), deadLetter.initial),
          meta: { ...meta, commandId: uuid5(namespace, id) },
        };
      });
      await this.store.appendEach(commits);
    }
    if (records.length > 0) await this.topic.send(records.map((record, at) => letterOf(ids[at]!, record)));
  }

  private command({ topic, partition, record, problem, source }: NotTaken) {
    const { key, offset, timestamp } = record;
    return {
      type: 'ParkRecord',
      parked: {
        topic,
        partition,
        offset,
        sentAt: instantOf(timestamp),
        source,
        key: key === null ? null : keyed(this.secrets.cardKey, `record-key\0${key.toString('base64')}`),
        ...reasonOf(problem),
      },
      content: problem.code === 'RECORD_TOO_LARGE' ? [] : contentOf(record),
    } as const;
  }
}

/**
 * The reason in a form without personal data. A field that is not ours is named only when its name looks like one,
 * because a sender may have put anything there.
 */
export function reasonOf({ code, pointer }: Problem): { readonly reason: string; readonly pointer?: string } {
  if (pointer === undefined) return { reason: code };
  const harmless = /^(\/[A-Za-z_]+)*$/.test(pointer);
  return { reason: code, pointer: harmless ? pointer : pointer.slice(0, pointer.lastIndexOf('/')) };
}

function letterOf(id: string, { topic, partition, record, problem, source }: NotTaken): DeadLetter {
  return { id, topic, partition, record, reason: problem.code, source };
}

/**
 * The stream id: place and content of the record, because a topic that was made again has other records at the same
 * offsets.
 */
function idOf({ topic, partition, record }: NotTaken): string {
  const { offset, timestamp, key, value } = record;
  const content = createHash('sha256');
  for (const bytes of [key, value])
    content.update(bytes === null ? 'none' : `${bytes.length}\0`).update(bytes ?? '');
  return digest(JSON.stringify([topic, partition, offset, timestamp, content.digest('base64url')]));
}

/** The timestamp in RFC 3339. Senders may set any time, or none. */
function instantOf(timestamp: number): string {
  const at = new Date(timestamp);
  return new Date(Number.isNaN(at.getTime()) ? 0 : timestamp).toISOString();
}
