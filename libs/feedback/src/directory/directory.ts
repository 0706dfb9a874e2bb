import { Inject, Injectable } from '@nestjs/common';
import { Clock, waitingOnce, type BranchLibraries, type UnknownOf } from '@readership/host';
import { EventLog, modelId, ReadModels, Refusal } from '@readership/kernel';
import { Temporal } from 'temporal-polyfill';
import { consortium, type ConsortiumCalendar } from './consortium.projection.js';
import { knownBranches, type KnownBranch } from './known-branches.projection.js';
import { knownPatrons } from './known-patrons.projection.js';

/** What this context knows of the consortium: its branches, its patrons and its current day. */
@Injectable()
export class BranchDirectory implements BranchLibraries {
  /** Branches never disappear, so a branch that was found once is remembered. */
  private readonly known = new Set<string>();
  /** True once the branches were read to an end of the log. After an upgrade they may be read from its beginning. */
  private hasReadBranches = false;

  constructor(
    @Inject(ReadModels) private readonly models: ReadModels,
    @Inject(EventLog) private readonly log: EventLog,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /**
   * Returns a function for one request that says which branches are unknown. It waits for the directory once, and throws
   * `NOT_YET_APPLIED` when unknown branches may be among those that this context has still to read.
   */
  unknownBranches(): UnknownOf {
    const ends = this.log.knownEnds();
    const unknownOf = waitingOnce((ids) => this.unknownOf(ids));
    return async (ids) => {
      const unknown = await unknownOf(ids);
      if (unknown.size === 0 || (this.hasReadBranches ||= await this.haveTaken(ends, knownBranches)))
        return unknown;
      const detail = 'Branches are still being read, and this one may be among them: try again.';
      throw new Refusal('NOT_YET_APPLIED', 'not-yet', detail);
    };
  }

  async librariesOf(branches: Iterable<string>): Promise<ReadonlyMap<string, string>> {
    const libraries = new Map<string, string>();
    for (const id of new Set(branches)) {
      const branch = await this.branch(id);
      if (branch !== undefined) libraries.set(id, branch.library);
    }
    return libraries;
  }

  /** Throws `UNKNOWN_BRANCH` when the branch is not known and does not appear within 2 s; `NOT_YET_APPLIED`. */
  async expectBranch(id: string): Promise<void> {
    if ((await this.unknownBranches()([id])).size === 0) return;
    throw new Refusal(
      'UNKNOWN_BRANCH',
      'invalid',
      'There is no branch with this id: give one that GET /v1/branches lists, or add it first.',
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
    if (!(await this.haveTaken(ends, knownPatrons))) {
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
    return Temporal.Instant.fromEpochMilliseconds(this.clock.now().getTime())
      .toZonedDateTimeISO(await this.timeZone())
      .toPlainDate()
      .add({ days: daysAhead })
      .toString();
  }

  /** The instant (RFC 3339 in UTC) at which a day of the consortium begins. In UTC until a time zone is set. */
  async startOf(day: string): Promise<string> {
    const { epochMilliseconds } = Temporal.PlainDate.from(day).toZonedDateTime(await this.timeZone());
    return new Date(epochMilliseconds).toISOString();
  }

  /** The last millisecond (RFC 3339 in UTC) of a day of the consortium. */
  async endOf(day: string): Promise<string> {
    const next = Temporal.PlainDate.from(day).add({ days: 1 }).toString();
    return new Date(Date.parse(await this.startOf(next)) - 1).toISOString();
  }

  private async timeZone(): Promise<string> {
    const { rows } = await this.models.all<ConsortiumCalendar>(modelId(consortium), { limit: 1 });
    return rows[0]?.row.timeZone ?? 'UTC';
  }

  /** True when a model has taken all records before these ends of the log; false when the ends are not known. */
  private async haveTaken(
    ends: readonly number[] | null,
    model: { readonly name: string; readonly version: number | string },
  ): Promise<boolean> {
    if (ends === null) return false;
    const checkpoints = await this.models.checkpoints(modelId(model));
    return checkpoints.every(({ offset }, partition) => offset >= ends[partition]!);
  }

  private async unknownOf(ids: Iterable<string>): Promise<ReadonlySet<string>> {
    const unknown = new Set<string>();
    for (const id of ids) {
      if (this.known.has(id)) continue;
      if ((await this.branch(id)) === undefined) unknown.add(id);
      else this.known.add(id);
    }
    return unknown;
  }

  private async branch(id: string): Promise<KnownBranch | undefined> {
    const model = modelId(knownBranches);
    const { rows } = await this.models.find<KnownBranch>(model, 'id', { value: id }, { limit: 1 });
    return rows[0]?.row;
  }
}
