import { Inject, Injectable } from '@nestjs/common';
import { Clock, waitingOnce, type UnknownOf } from '@readership/host';
import { modelId, ReadModels, Refusal } from '@readership/kernel';
import { Temporal } from 'temporal-polyfill';
import { consortium, type ConsortiumCalendar } from './consortium.projection.js';
import { knownBranches } from './known-branches.projection.js';

/** What this context knows of the consortium: its branches and what day it is there. */
@Injectable()
export class BranchDirectory {
  /** A branch never goes away, so what was found once is remembered. */
  private readonly known = new Set<string>();

  constructor(
    @Inject(ReadModels) private readonly models: ReadModels,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /** Says for one request which branches are unknown; waits for the directory once. */
  unknownBranches(): UnknownOf {
    return waitingOnce((ids) => this.unknownOf(ids));
  }

  /** Throws `UNKNOWN_BRANCH` when it is not known and does not become so within 2 s. */
  async expectBranch(id: string): Promise<void> {
    if ((await this.unknownBranches()([id])).size === 0) return;
    throw new Refusal(
      'UNKNOWN_BRANCH',
      'invalid',
      'There is no branch with this id: add it first.',
      '/branch',
    );
  }

  /** The consortium's day, `daysAhead` from now: `2024-03-31`. UTC until a time zone is set. */
  async day(daysAhead = 0): Promise<string> {
    const { rows } = await this.models.all<ConsortiumCalendar>(modelId(consortium), { limit: 1 });
    return Temporal.Instant.fromEpochMilliseconds(this.clock.now().getTime())
      .toZonedDateTimeISO(rows[0]?.row.timeZone ?? 'UTC')
      .toPlainDate()
      .add({ days: daysAhead })
      .toString();
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
