import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload, RpcException } from '@nestjs/microservices';
import { Clock } from '@readership/host';
import { Refusal, Unavailable, type Meta, type TopicBatch, type TopicRecord } from '@readership/kernel';
import { ParkedRecords, type NotTaken } from '../dead-letters/parked-records.js';
import { Intake } from './intake.js';
import { problem } from './problems.js';

/** After this many failures in a row a batch is taken record by record, so that one record cannot hold up the others. */
const attemptsMax = 10;
/** The pause before a record that failed alone is tried once more. */
const againMs = 200;

/**
 * Takes what branch systems send to the deployment's `ingest` topic. A batch is done when every record of it is
 * recorded or parked. Until then it is delivered again, which changes nothing that was done. So nothing is lost,
 * nothing counts twice, and no record blocks its partition.
 */
@Controller()
export class IngestController {
  /** By partition, the batch that failed last, and how often. */
  private readonly failing = new Map<string, { readonly offset: number; readonly times: number }>();

  constructor(
    @Inject(Intake) private readonly intake: Intake,
    @Inject(ParkedRecords) private readonly parked: ParkedRecords,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  @EventPattern('ingest')
  async take(@Payload() batch: TopicBatch): Promise<void> {
    const place = `${batch.topic}/${batch.partition}`;
    const offset = batch.records[0]?.offset ?? 0;
    const before = this.failing.get(place);
    const times = before?.offset === offset ? before.times : 0;
    try {
      if (times < attemptsMax) await this.takeTogether(batch);
      else await this.takeEach(batch);
      this.failing.delete(place);
    } catch (error) {
      this.failing.set(place, { offset, times: times + 1 });
      // Nest passes an `RpcException` to the transport as it is; any other error would lose its cause.
      throw new RpcException(error as object);
    }
  }

  private async takeTogether({ topic, partition, records }: TopicBatch): Promise<void> {
    const meta = this.meta();
    const taken = await this.intake.take(records, meta);
    const not: NotTaken[] = [];
    for (const [at, each] of taken.entries()) {
      if ('problem' in each) not.push({ topic, partition, record: records[at]!, ...each });
    }
    await this.parked.park(not, meta);
  }

  /** Takes records one by one. A record that fails twice is parked, unless it failed for a reason outside the record. */
  private async takeEach({ topic, partition, records }: TopicBatch): Promise<void> {
    for (const record of records) {
      const meta = this.meta();
      const not = await this.reasonAgainst(record, meta);
      if (not !== null) await this.parked.park([{ topic, partition, record, ...not }], meta);
    }
  }

  private async reasonAgainst(
    record: TopicRecord,
    meta: Meta,
  ): Promise<Pick<NotTaken, 'problem' | 'source'> | null> {
    for (let again = false; ; again = true) {
      try {
        const [taken] = await this.intake.take([record], meta);
        return 'problem' in taken! ? taken : null;
      } catch (error) {
        if (isOnlyLate(error)) throw error;
        if (again) return { problem: problemOf(error), source: null };
        await pause(againMs);
      }
    }
  }

  private meta(): Meta {
    return { commandId: randomUUID(), at: this.clock.now().toISOString(), actor: 'ingest' };
  }
}

/** True when the same record may well succeed in a moment, so that the error says nothing about the record. */
function isOnlyLate(error: unknown): boolean {
  return error instanceof Unavailable || (error instanceof Refusal && error.kind === 'not-yet');
}

function problemOf(error: unknown): NotTaken['problem'] {
  if (!(error instanceof Refusal)) return problem('CANNOT_RECORD');
  return { code: error.code, detail: error.detail };
}
