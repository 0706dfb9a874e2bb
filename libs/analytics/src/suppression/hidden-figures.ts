import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '@readership/host';
import { digest, EventStore, handle, ReadModels, streamOf, uuidv7, type Stored } from '@readership/kernel';
import { LRUCache } from 'lru-cache';
import { setImmediate as otherRequests } from 'node:timers/promises';
import { isoMonth, monthOf } from '../calendar/days-and-months.js';
import { foldCells } from '../calendar/fold-cells.js';
import { figureGroups } from './figure-groups.js';
import { countsIn, treeOf, type CountedFrom } from './group-counts.js';
import { hiddenFigures, nothingHidden, type Hidden, type HiddenByMonth } from './hidden-figures.decider.js';
import type { HiddenFiguresEvent } from './hidden-figures.events.js';
import {
  consortium,
  hiddenIn,
  treeOfNone,
  type HiddenScopes,
  type MonthCounts,
  type Tree,
} from './suppression.js';

/** The years, and the months, that a process keeps in memory. */
const yearsMax = 200;
const monthsMax = 2_400;
/**
 * A month whose figures have changed is judged again after this time at most, and after so many times the time that it
 * took. A figure that has become small is hidden at once; until then the others may give it away.
 */
const judgedAgainMs = 15 * 60_000;
const judgedAgainTimes = 20;
/** So many months are judged before other requests have their turn. Each takes a fold of the cells of all branches. */
const judgedAtOnce = 12;

/** What is hidden of one month from whoever may not see persons. */
export interface MonthHidden {
  readonly scopes: HiddenScopes;
  /** Before a month is judged, only the figures of the consortium are shown. */
  readonly judged: boolean;
}

/** By which counts and for which build and libraries a month was last judged, and until when that will do. */
interface Judged {
  readonly asOf: string;
  readonly of: string;
  readonly untilMs: number;
}

interface Year {
  readonly version: number;
  readonly months: HiddenByMonth;
}

/**
 * Says which figures are hidden. A month is judged when somebody first asks about it after it has ended and everything is
 * counted. What is hidden is stored, so that all replicas hide the same, and only grows.
 */
@Injectable()
export class HiddenFigures {
  private readonly years = new LRUCache<string, Year>({ max: yearsMax });
  private readonly judged = new LRUCache<number, Judged>({ max: monthsMax });
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(ReadModels) private readonly models: ReadModels,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /** What is hidden of these months and of those before them. */
  async of(months: Iterable<number>, from: CountedFrom): Promise<ReadonlyMap<number, MonthHidden>> {
    // The readers of a month follow from those of the month before it.
    const asked = [...new Set([...months].flatMap((month) => [month - 1, month]))].sort((a, b) => a - b);
    let known = await this.known(asked);
    if (this.due(asked, known, from).length > 0) {
      const judging = this.last.then(() => this.judge(asked, from));
      // One request after the other judges, so that few do it twice.
      this.last = judging.catch(() => undefined);
      known = await judging;
    }
    const open = asked.filter((month) => !known.has(month) && month >= from.unsettled);
    const counts = await foldCells(this.models, (of) => countsIn(open, [consortium], of, from));
    const answer = new Map<number, MonthHidden>();
    for (const month of asked) {
      const before = answer.get(month - 1)?.scopes ?? nothingHidden.scopes;
      const at = open.indexOf(month);
      const scopes =
        at < 0
          ? (known.get(month) ?? nothingHidden).scopes
          : hiddenIn(treeOfNone, counts[at]!, nothingHidden, before);
      answer.set(month, { scopes, judged: at < 0 });
    }
    return answer;
  }

  /** Judges what is due of these months. */
  private async judge(asked: readonly number[], from: CountedFrom): Promise<ReadonlyMap<number, Hidden>> {
    const known = new Map(await this.known(asked));
    const due = this.due(asked, known, from);
    const begunMs = performance.now();
    const tree = treeOf(from.directory);
    const scopes = [consortium, ...tree.libraries.keys(), ...tree.libraryOf.keys()];
    const whole = await foldCells(this.models, (of) => countsIn(due, [consortium], of, from));
    // Where nobody was counted in the consortium, nothing is hidden of any branch, and nothing is stored.
    const isJudged = (month: number, i: number) => known.has(month) || isCounted(whole[i]!);
    const judged = due.filter(isJudged);
    for (let begin = 0; begin < judged.length; begin += judgedAtOnce) {
      const some = judged.slice(begin, begin + judgedAtOnce);
      const counts = await foldCells(this.models, (of) => countsIn(some, scopes, of, from));
      for (const [i, month] of some.entries()) {
        const already = known.get(month) ?? nothingHidden;
        const before = known.get(month - 1) ?? nothingHidden;
        const hidden = hiddenIn(tree, counts[i]!, already, before.scopes);
        const grown = figureGroups.some((group) => hidden[group].size > already.scopes[group].size);
        if (grown || !known.has(month)) known.set(month, await this.hide(month, hidden, tree));
      }
      await otherRequests();
    }
    const againMs = Math.min(judgedAgainMs, judgedAgainTimes * (performance.now() - begunMs));
    const untilMs = this.clock.now().getTime() + againMs;
    for (const month of due) this.judged.set(month, { asOf: from.asOf, of: judgedFor(from), untilMs });
    return known;
  }

  /** What is stored of these months and of those that follow them. */
  private async known(asked: readonly number[]): Promise<ReadonlyMap<number, Hidden>> {
    const known = new Map<number, Hidden>();
    for (const year of new Set(asked.flatMap((month) => [yearOf(month), yearOf(month + 1)])))
      for (const [month, hidden] of (await this.read(year)).months) known.set(monthOf(month), hidden);
    return known;
  }

  /** The months to be judged, or judged again, in order. What is hidden of a month may hide more of the next one. */
  private due(
    asked: readonly number[],
    known: ReadonlyMap<number, Hidden>,
    from: CountedFrom,
  ): readonly number[] {
    const next = asked.map((month) => month + 1).filter((month) => known.has(month));
    const of = judgedFor(from);
    return [...new Set([...asked, ...next])]
      .filter((month) => known.has(month) || month < from.unsettled)
      .filter((month) => !this.isFresh(month, from.asOf, of))
      .sort((a, b) => a - b);
  }

  private isFresh(month: number, asOf: string, of: string): boolean {
    const last = this.judged.get(month);
    if (last?.of !== of) return false;
    return last.asOf === asOf || this.clock.now().getTime() < last.untilMs;
  }

  /** A year as it is stored now. It costs one read of what came since the last time. */
  private async read(year: string): Promise<Year> {
    let { version, months } = this.years.get(year) ?? { version: 0, months: hiddenFigures.initial };
    for (;;) {
      const page = await this.store.load(streamOf(hiddenFigures.category, year), version);
      for (const event of page.events) months = hiddenFigures.evolve(months, hiddenOf(event));
      version = page.version;
      if (!page.more) break;
    }
    const read = { version, months };
    this.years.set(year, read);
    return read;
  }

  private async hide(month: number, scopes: HiddenScopes, { libraryOf }: Tree): Promise<Hidden> {
    const year = yearOf(month);
    const { state, version } = await handle(
      this.store,
      hiddenFigures,
      year,
      { type: 'HideFigures', month: isoMonth(month), scopes, libraries: libraryOf },
      { commandId: uuidv7(), at: this.clock.now().toISOString(), actor: 'analytics' },
    );
    this.years.set(year, { version, months: state });
    return state.get(isoMonth(month))!;
  }
}

function hiddenOf(event: Stored): HiddenFiguresEvent {
  return event as unknown as HiddenFiguresEvent;
}

/** What makes other scopes small at once: another build of the figures, or a branch that changed its library. */
function judgedFor({ running, directory }: CountedFrom): string {
  return digest(`${running.build.number} ${JSON.stringify([...directory.branchesByLibrary])}`);
}

function isCounted(counts: MonthCounts): boolean {
  return figureGroups.some((group) => counts[group].get(consortium)!.sums.some((count) => count !== 0));
}

const yearOf = (month: number): string => isoMonth(month).slice(0, 4);
