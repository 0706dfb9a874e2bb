import { Inject, Injectable } from '@nestjs/common';
import { modelId, ReadModels } from '@readership/kernel';
import { Temporal } from 'temporal-polyfill';
import { branchClosings, type BranchClosing } from './branch-closings.projection.js';

const model = modelId(branchClosings);
/** Keys of the facts of the consortium and of its branches. */
const consortiumKey = 'consortium-main';
const keyOf = (branch: string): string => `branch-${branch}`;

/** The day of an instant, RFC 3339, in a time zone: `2024-03-31`. */
export function dayOf(instant: string, timeZone: string): string {
  return Temporal.Instant.from(instant).toZonedDateTimeISO(timeZone).toPlainDate().toString();
}

/** What a context that reads the directory from the log knows of branches that have a last day. */
@Injectable()
export class ClosedBranches {
  constructor(@Inject(ReadModels) private readonly models: ReadModels) {}

  /** The closings of these branches, in one read. */
  async of(branches: Iterable<string>): Promise<Closings> {
    const keys = [...new Set(branches)].map(keyOf);
    if (keys.length === 0) return new Closings(new Map());
    return new Closings(await this.models.getMany<BranchClosing>(model, [...keys, consortiumKey]));
  }

  /** The last day of a branch when this day is after it, else `undefined`. */
  async before(branch: string | undefined, day: string): Promise<string | undefined> {
    return (await this.of(branch === undefined ? [] : [branch])).before(branch, day);
  }
}

/** The last days of some branches at one time. */
export class Closings {
  constructor(private readonly rows: ReadonlyMap<string, BranchClosing>) {}

  /** The last day of a branch when this day is after it, else `undefined`. */
  before(branch: string | undefined, day: string): string | undefined {
    const lastDay = this.lastDay(branch);
    return lastDay !== undefined && day > lastDay ? lastDay : undefined;
  }

  /** The last day of a branch when this instant is after it in the time zone of the consortium, else `undefined`. */
  beforeInstant(branch: string | undefined, instant: string): string | undefined {
    // Most branches are open, and days of a time zone cost something.
    if (this.lastDay(branch) === undefined) return undefined;
    return this.before(branch, dayOf(instant, this.rows.get(consortiumKey)?.timeZone ?? 'UTC'));
  }

  private lastDay(branch: string | undefined): string | undefined {
    const row = branch === undefined ? undefined : this.rows.get(keyOf(branch));
    return row !== undefined && 'closedOn' in row ? row.closedOn : undefined;
  }
}
