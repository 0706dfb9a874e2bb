import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '@readership/host';
import { digest, EventStore, handle, ReadModels, streamOf, uuidv7, type Stored } from '@readership/kernel';
import { LRUCache } from 'lru-cache';
import { setImmediate as immediate } from 'node:timers/promises';
import { isoMonth, monthOf } from '../calendar/days-and-months.js';
import { foldCells } from '../calendar/fold-cells.js';
import { figureGroups, type FigureGroup } from './figure-groups.js';
import { groupCounts, noCounts, treeOf, type CountedFrom } from './group-counts.js';
import { hiddenFigures, nothingHidden, type Hidden, type HiddenByMonth } from './hidden-figures.decider.js';
import type { HiddenFiguresEvent } from './hidden-figures.events.js';
import {
  consortium,
  hiddenIn,
  scopesIn,
  treeOfNone,
  type HiddenScopes,
  type MonthCounts,
  type Tree,
} from './suppression.js';
import { windowGroups, windowLengths, windowName, windowsToHide } from './windows.js';

/** The decades, and the months, that a process keeps in memory. */
const decadesMax = 30;
const monthsMax = 2_400;
/**
 * A month is judged again at once when its figures of the consortium have changed, or its build or libraries. For changes
 * among its branches it is after this time at most, and after so many times the time that it took. A figure that has become
 * small is hidden at once; until then the others may give it away.
 */
const judgedAgainMs = 15 * 60_000;
const judgedAgainTimes = 20;

/** Periods that ended longer ago are shown only if all their months are. */
const windowsYears = 30;

/**
 * The counts that follow from the figures of a period. With lost readers and the readers at its ends everybody knows how many
 * joined or came back and, with new readers, how many came back.
 */
const toldBy: Readonly<Record<(typeof windowGroups)[number], (of: CountsOfMonth) => readonly number[]>> = {
  new: (of) => of('new'),
  lost: (of) => [...of('lost'), ...of('moves'), of('new')[0]! + of('moves')[0]!],
  responses: (of) => of('responses'),
  testimonials: (of) => of('testimonials'),
};

type CountsOfMonth = (group: FigureGroup) => readonly number[];

/** Of a month in which nobody was counted: nothing was judged of the periods that end with it. */
const noPeriodShown: HiddenScopes = {
  ...nothingHidden.scopes,
  ...Object.fromEntries(windowGroups.map((group) => [group, new Set(windowLengths.map(windowName))])),
};

/** What is hidden of one month from whoever may not see persons. */
export interface MonthHidden {
  readonly scopes: HiddenScopes;
  /** Before a month is judged, only the figures of the consortium are shown. */
  readonly judged: boolean;
}

/** By what a month was judged last, and until when that will do. */
interface Judged {
  readonly asOf: string;
  readonly untilMs: number;
  /** Of the counts of the consortium, the build and the libraries. */
  readonly digest: string;
}

interface DueMonth {
  readonly month: number;
  readonly digest: string;
  readonly isCounted: boolean;
}

interface Decade {
  readonly version: number;
  readonly months: HiddenByMonth;
}

/**
 * Says which figures are hidden. A month is judged when somebody first asks about it after it has ended and everything is
 * counted. What is hidden is stored, so that all replicas hide the same, and only grows.
 */
@Injectable()
export class HiddenFigures {
  private readonly decades = new LRUCache<string, Decade>({ max: decadesMax });
  /** By month, the counts that it was last judged by, and when. */
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
    if ((await this.due(asked, known, from)).length > 0) {
      const judging = this.last.then(() => this.judge(asked, from));
      // One request after the other judges, so that few do it twice.
      this.last = judging.catch(() => undefined);
      known = await judging;
    }
    const open = asked.filter((month) => !known.has(month) && month >= from.unsettled);
    const counts = await this.counts(open, [consortium], from);
    const answer = new Map<number, MonthHidden>();
    for (const month of asked) {
      const before = answer.get(month - 1)?.scopes ?? nothingHidden.scopes;
      const at = open.indexOf(month);
      const scopes =
        at < 0
          ? (known.get(month)?.scopes ?? noPeriodShown)
          : hiddenIn(treeOfNone, counts[at]!, nothingHidden, before);
      answer.set(month, { scopes, judged: at < 0 });
    }
    return answer;
  }

  /** Judges what is due of these months. */
  private async judge(asked: readonly number[], from: CountedFrom): Promise<ReadonlyMap<number, Hidden>> {
    const stored = await this.known(asked);
    const known = new Map(stored);
    const due = await this.due(asked, known, from);
    const begunMs = performance.now();
    // Nothing is to be judged of a month in which nobody was counted, such as one of last century.
    const some = due.filter(({ month, isCounted }) => known.has(month) || isCounted);
    const tree = treeOf(from.directory);
    const counts = await this.counts(
      some.map(({ month }) => month),
      scopesIn(tree),
      from,
    );
    for (const [i, { month }] of some.entries()) {
      const already = known.get(month) ?? nothingHidden;
      const before = known.get(month - 1) ?? nothingHidden;
      const hidden = hiddenIn(tree, counts[i]!, already, before.scopes);
      const grown = figureGroups.some((group) => hidden[group].size > already.scopes[group].size);
      if (grown || !known.has(month)) known.set(month, await this.hide(month, hidden, tree));
    }
    if (some.length > 0) {
      const judged = new Set(some.map(({ month }) => month).filter((month) => !stored.has(month)));
      for (const [month, hidden] of await this.judgeWindows(judged, tree, from)) known.set(month, hidden);
    }
    const againMs = Math.min(judgedAgainMs, judgedAgainTimes * (performance.now() - begunMs));
    const untilMs = this.clock.now().getTime() + againMs;
    for (const { month, digest: of } of due) this.judged.set(month, { asOf: from.asOf, untilMs, digest: of });
    return known;
  }

  /**
   * Hides what is needed of the periods of the consortium, of all months that are stored. Resolves to what is hidden of the
   * months that this has changed.
   */
  private async judgeWindows(
    judged: ReadonlySet<number>,
    tree: Tree,
    from: CountedFrom,
  ): Promise<ReadonlyMap<number, Hidden>> {
    const changed = new Map<number, Hidden>();
    const now = monthOf(this.clock.now().toISOString());
    const months = Array.from({ length: windowsYears * 12 }, (_, i) => now - windowsYears * 12 + 1 + i);
    const known = await this.known(months);
    const counts = await this.counts(months, [consortium], from);
    for (const group of windowGroups) {
      const toHide = windowsToHide(
        months.map((month, i) => {
          const { scopes } = known.get(month) ?? nothingHidden;
          const lengths = windowLengths.filter((length) => scopes[group].has(windowName(length)));
          return {
            hidden: scopes[group].has(consortium),
            counts: toldBy[group]((of) => counts[i]![of].get(consortium)!.sums),
            windows: known.has(month) ? new Set(lengths) : null,
            isNew: judged.has(month),
          };
        }),
      );
      for (const [i, lengths] of toHide.entries()) {
        if (lengths.length === 0) continue;
        const month = months[i]!;
        const { scopes } = changed.get(month) ?? known.get(month)!;
        const more = { ...scopes, [group]: new Set([...scopes[group], ...lengths.map(windowName)]) };
        changed.set(month, await this.hide(month, more, tree));
      }
    }
    return changed;
  }

  /**
   * The counts of these scopes in each of these months. Of many scopes they are read group by group, so that requests come in
   * between.
   */
  private async counts(
    months: readonly number[],
    scopes: readonly string[],
    from: CountedFrom,
  ): Promise<readonly MonthCounts[]> {
    const byMonth = months.map(noCounts);
    if (months.length === 0) return byMonth;
    const [first, last] = [months[0]!, months.at(-1)!];
    const named = scopes.map((name) => from.directory.scope(name));
    for (const groups of scopes.length === 1 ? [figureGroups] : figureGroups.map((group) => [group])) {
      const asked = groups.flatMap((group) => named.map((scope) => ({ group, scope })));
      const cells = await foldCells(this.models, (of) => {
        for (const { group, scope } of asked) groupCounts(group, scope, [first, last], of, from);
        return of;
      });
      for (const { group, scope } of asked) {
        for (const [i, count] of groupCounts(group, scope, months, cells, from).entries())
          byMonth[i]![group].set(scope.name, count);
      }
      await immediate();
    }
    return byMonth;
  }

  /** What is stored of these months and of those that follow them. */
  private async known(asked: readonly number[]): Promise<ReadonlyMap<number, Hidden>> {
    const known = new Map<number, Hidden>();
    for (const decade of new Set(asked.flatMap((month) => [decadeOf(month), decadeOf(month + 1)])))
      for (const [month, hidden] of (await this.read(decade)).months) known.set(monthOf(month), hidden);
    return known;
  }

  /**
   * The months to be judged, or judged again because something has changed, in order. What is hidden of a month may hide more
   * of the next one.
   */
  private async due(
    asked: readonly number[],
    known: ReadonlyMap<number, Hidden>,
    from: CountedFrom,
  ): Promise<readonly DueMonth[]> {
    const next = asked.map((month) => month + 1).filter((month) => known.has(month));
    const months = [...new Set([...asked, ...next])]
      .filter((month) => known.has(month) || month < from.unsettled)
      .filter((month) => this.judged.get(month)?.asOf !== from.asOf)
      .sort((a, b) => a - b);
    const counts = await this.counts(months, [consortium], from);
    const { running, directory } = from;
    const judgedFor = [running.build.number, ...directory.branchesByLibrary];
    return months.flatMap((month, i) => {
      const sums = figureGroups.map((group) => counts[i]![group].get(consortium)!.sums);
      const due = {
        month,
        digest: digest(JSON.stringify([judgedFor, sums])),
        isCounted: sums.flat().some((count) => count !== 0),
      };
      const last = this.judged.get(month);
      if (last?.digest !== due.digest || this.clock.now().getTime() >= last.untilMs) return [due];
      this.judged.set(month, { ...last, asOf: from.asOf });
      return [];
    });
  }

  /** A decade as it is stored now. It costs one read of what came since the last time. */
  private async read(decade: string): Promise<Decade> {
    let { version, months } = this.decades.get(decade) ?? { version: 0, months: hiddenFigures.initial };
    for (;;) {
      const page = await this.store.load(streamOf(hiddenFigures.category, decade), version);
      for (const event of page.events) months = hiddenFigures.evolve(months, hiddenOf(event));
      version = page.version;
      if (!page.more) break;
    }
    const read = { version, months };
    this.decades.set(decade, read);
    return read;
  }

  private async hide(month: number, scopes: HiddenScopes, { libraryOf }: Tree): Promise<Hidden> {
    const decade = decadeOf(month);
    const { state, version } = await handle(
      this.store,
      hiddenFigures,
      decade,
      { type: 'HideFigures', month: isoMonth(month), scopes, libraries: libraryOf },
      { commandId: uuidv7(), at: this.clock.now().toISOString(), actor: 'analytics' },
    );
    this.decades.set(decade, { version, months: state });
    return state.get(isoMonth(month))!;
  }
}

function hiddenOf(event: Stored): HiddenFiguresEvent {
  return event as unknown as HiddenFiguresEvent;
}

/** One stream holds ten years, so that an answer about many of them reads few streams. */
const decadeOf = (month: number): string => `${isoMonth(month).slice(0, 3)}0s`;
