import { Inject, Injectable } from '@nestjs/common';
import { Clock, waitingOnce, type UnknownOf } from '@readership/host';
import { EventLog, modelId, ReadModels, Refusal } from '@readership/kernel';
import { Temporal } from 'temporal-polyfill';
import { consortium, type ConsortiumCalendar } from './consortium.projection.js';
import { knownBranches } from './known-branches.projection.js';
import { knownPatrons } from './known-patrons.projection.js';

/** What this context knows of the consortium: its branches, its patrons and its current day. */
@Injectable()
export class BranchDirectory {
  /** Branches never disappear, so a branch that was found once is remembered. */
  private readonly known = new Set<string>();

  constructor(
    @Inject(ReadModels) private readonly models: ReadModels,
    @Inject(EventLog) private readonly log: EventLog,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /** Returns a function for one request that says which branches are unknown. It waits for the directory once. */
  unknownBranches(): UnknownOf {
    return waitingOnce((ids) => this.unknownOf(ids));
  }

  /** Throws `UNKNOWN_BRANCH` when the branch is not known and does not appear within 2 s. */
  async expectBranch(id: string): Promise<void> {
    if ((await this.unknownBranches()([id])).size === 0) return;
    throw new Refusal(
      'UNKNOWN_BRANCH',
      'invalid',
      'There is no branch with this id: add it first.',
      '/branch',
    );
  }

  /**
   * Throws `UNKNOWN_PATRON` when the patron is not known and does not appear within 2 s, but `NOT_YET_APPLIED` while
   * this context does not know all that was on the log before.
   */
  async expectPatron(id: string): Promise<void> {
    const ends = this.log.knownEnds();
    const isUnknown = async () => (await this.models.get(modelId(knownPatrons), id)) === null;
    const unknownOf = waitingOnce(async (ids) => ((await isUnknown()) ? new Set(ids) : new Set()));
    if ((await unknownOf([id])).size === 0) return;
    if (ends === null || !(await this.haveTaken(ends))) {
      const detail = 'Registrations are still being read, and the patron may be among them: try again.';
      throw new Refusal('NOT_YET_APPLIED', 'not-yet', detail);
    }
    throw new Refusal(
      'UNKNOWN_PATRON',
      'invalid',
      'There is no patron with this id: register it first, or leave the field out to invite anonymously.',
      '/patronId',
    );
  }

  /** The consortium's day, `daysAhead` from now: `2024-03-31`. In UTC until a time zone is set. */
  async day(daysAhead = 0): Promise<string> {
    const { rows } = await this.models.all<ConsortiumCalendar>(modelId(consortium), { limit: 1 });
    return Temporal.Instant.fromEpochMilliseconds(this.clock.now().getTime())
      .toZonedDateTimeISO(rows[0]?.row.timeZone ?? 'UTC')
      .toPlainDate()
      .add({ days: daysAhead })
      .toString();
  }

  private async haveTaken(ends: readonly number[]): Promise<boolean> {
    const checkpoints = await this.models.checkpoints(modelId(knownPatrons));
    return checkpoints.every(({ offset }, partition) => offset >= ends[partition]!);
  }

  private async unknownOf(ids: Iterable<string>): Promise<ReadonlySet<string>> {
    const unknown = new Set<string>();
    for (const id of ids) {
      if (this.known.has(id)) continue;
      const { rows } = await this.models.find(modelId(knownBranches), 'id', { value: id }, { limit: 1 });
      if (rows.length > 0) this.known.add(id);
      else unknown.add(id);
    }
    return unknown;
  }
}
