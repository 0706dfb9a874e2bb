import { Inject, Injectable } from '@nestjs/common';
import type { ActivityPolicy } from '@readership/contracts';
import { AppliedWait, Clock } from '@readership/host';
import { endsAgeMaxMs, EventLog, ReadModels, Refusal } from '@readership/kernel';
import { beginningOf, monthIn } from '../calendar/months.js';
import { ScopeDirectory, directoryModel, type Scope } from '../directory/directory.js';
import { Builds, type ServingBuild } from '../builds/builds.js';
import { monthOf } from '../calendar/days-and-months.js';
import { boardMetrics, metrics, type Figure, type Metric } from './definitions.js';
import {
  compared,
  nameOf,
  parseMonth,
  periodsOf,
  twelveMonthsFrom,
  twelveMonthsTo,
  type Grain,
  type Period,
} from './periods.js';
import { costsModel, countsOf } from './figure-counts.js';

/**
 * The figure of one period. `complete` means that the period has ended and nothing on the log waits to be counted,
 * including parked records, which may be about any period. It is false when the end of the log is not known, and when
 * costs do not cover the whole period.
 */
export interface Point extends Figure {
  readonly period: string;
  readonly complete: boolean;
}

/** The rules that a figure was counted by. `version` rises with every change of policy or time zone. */
export interface PolicyInForce extends ActivityPolicy {
  readonly version: number;
  readonly timeZone: string;
}

export interface MetricAnswer {
  readonly metric: string;
  readonly unit: string;
  /** The currency of an amount, which is in its minor units. */
  readonly currency?: string;
  readonly scope: string;
  readonly grain: Grain | '12-months';
  readonly policy: PolicyInForce;
  readonly asOf: string;
  readonly points: readonly Point[];
  readonly comparison?: { readonly mode: 'previous' | 'year'; readonly points: readonly Point[] };
}

export interface Board {
  readonly asOf: string;
  readonly scope: string;
  readonly policy: PolicyInForce;
  readonly figures: readonly MetricAnswer[];
}

export interface MetricQuestion {
  readonly scope: string;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly grain: Grain;
  readonly year: 'calendar' | 'fiscal';
  readonly compare?: 'previous' | 'year' | undefined;
  readonly after?: string | undefined;
}

/** What one answer is read from. */
interface Reading {
  readonly running: ServingBuild;
  readonly scope: Scope;
  readonly currency: string;
  readonly asOf: string;
  /** The current month. */
  readonly now: number;
  /** Everything recorded on the log before this instant (epoch milliseconds) is counted; `null` when that is not known. */
  readonly countedUpTo: number | null;
}

const notBegun: Figure = { value: null, n: 0 };

/** Answers every metric from the serving build. */
@Injectable()
export class FiguresQuery {
  constructor(
    @Inject(ReadModels) private readonly models: ReadModels,
    @Inject(EventLog) private readonly log: EventLog,
    @Inject(ScopeDirectory) private readonly directory: ScopeDirectory,
    @Inject(Builds) private readonly builds: Builds,
    @Inject(AppliedWait) private readonly applied: AppliedWait,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /** Throws `UNKNOWN_METRIC`, `UNKNOWN_SCOPE`, `BAD_MONTH`, `FROM_AFTER_TO`, `TooManyPoints`, `MIXED_CURRENCIES`. */
  async metric(name: string, question: MetricQuestion): Promise<MetricAnswer> {
    const metric = Object.hasOwn(metrics, name) ? metrics[name]! : null;
    if (metric === null) throw new Refusal('UNKNOWN_METRIC', 'unknown', 'There is no metric with this name.');
    return this.reading(question.scope, question.after, async (reading) => {
      const { grain } = question;
      const to = question.to === undefined ? reading.now - 1 : parseMonth(question.to, 'to');
      const from = question.from === undefined ? Math.min(to, to - 11) : parseMonth(question.from, 'from');
      const { fiscalYearStartMonth } = await this.directory.settings();
      const fiscal = question.year === 'fiscal';
      const periods = periodsOf(from, to, grain, fiscal ? fiscalYearStartMonth : 'calendar');
      const earlier =
        question.compare && compared(periods, question.compare, (first) => nameOf(first, grain, fiscal));
      return this.answer(name, metric, reading, grain, periods, question.compare, earlier);
    });
  }

  async board(question: Pick<MetricQuestion, 'scope' | 'to' | 'after'>): Promise<Board> {
    return this.reading(question.scope, question.after, async (reading) => {
      const to = question.to === undefined ? reading.now - 1 : parseMonth(question.to, 'to');
      const answers: MetricAnswer[] = [];
      for (const { name, grain } of boardMetrics) {
        const monthly = grain === 'month';
        const periods = monthly ? periodsOf(to, to, 'month', 'calendar') : [twelveMonthsTo(to)];
        const earlier = compared(
          periods,
          'year',
          monthly ? (first) => nameOf(first, 'month', false) : twelveMonthsFrom,
        );
        answers.push(await this.answer(name, metrics[name]!, reading, grain, periods, 'year', earlier));
      }
      return {
        asOf: reading.asOf,
        scope: reading.scope.name,
        policy: policyOf(reading.running),
        figures: answers,
      };
    });
  }

  /** Every read begins here. It reads how far the counts are complete before it reads anything else. */
  private reading<T>(
    scopeName: string,
    after: string | undefined,
    answer: (reading: Reading) => Promise<T>,
  ): Promise<T> {
    return this.builds.reading(async (running) => {
      const models = [...running.ids.values(), costsModel, directoryModel];
      await this.applied.until(after, { published: models });
      const now = this.clock.now();
      const ends = this.log.knownEnds();
      const checkpoints = await Promise.all(
        Array.from({ length: this.models.partitions }, (_, partition) =>
          Promise.all(models.map((model) => this.models.checkpoint(model, partition))),
        ),
      );
      const counted =
        ends !== null &&
        checkpoints.every((of, partition) =>
          of.every(({ offset, parked }) => offset >= ends[partition]! && parked === 0),
        );
      const offsets = checkpoints.map((of) => Math.min(...of.map(({ offset }) => offset)));
      return answer({
        running,
        scope: await this.directory.scope(scopeName),
        currency: (await this.directory.settings()).currency,
        asOf: `${running.build.number}:${offsets.join('.')}`,
        now: monthOf(monthIn(running.build.timeZone)(now.toISOString())),
        countedUpTo: counted ? now.getTime() - endsAgeMaxMs : null,
      });
    });
  }

  private async answer(
    name: string,
    metric: Metric,
    reading: Reading,
    grain: MetricAnswer['grain'],
    periods: readonly Period[],
    mode: 'previous' | 'year' | undefined,
    earlier: readonly Period[] | undefined,
  ): Promise<MetricAnswer> {
    const { running, scope, asOf, now, countedUpTo } = reading;
    let currency = reading.currency;
    const sources = countsOf(this.models, running.build, running.ids, scope, () => currency);
    if (metric.family === 'costs') {
      const months = [...periods, ...(earlier ?? [])].flatMap((period) => begun(period, now));
      const found = await sources.costs.currencies(months);
      if (found.length > 1) {
        const detail = `The costs of this scope and period are in ${found.join(', ')}: choose a scope and a period with one currency.`;
        throw new Refusal('MIXED_CURRENCIES', 'invalid', detail);
      }
      currency = found[0] ?? currency;
    }
    const points = async (of: readonly Period[]): Promise<Point[]> => {
      const counted = of.filter((period) => period.first <= now);
      const figures = await metric.figures(
        sources,
        counted.map((period) => ({
          months: begun(period, now),
          end: period.last,
          length: (period.last - period.first + 1) as 1 | 3 | 12,
        })),
      );
      return of.map((period, i) => {
        const figure = figures[i] ?? notBegun;
        const ended = period.last < now;
        const complete =
          ended &&
          countedUpTo !== null &&
          countedUpTo >= beginningOf(period.last + 1, running.build.timeZone) &&
          figure.covered?.with === figure.covered?.of;
        return { period: period.name, ...figure, complete };
      });
    };
    return {
      metric: name,
      unit: metric.unit,
      ...(metric.family === 'costs' ? { currency } : {}),
      scope: scope.name,
      grain,
      policy: policyOf(running),
      asOf,
      points: await points(periods),
      ...(mode && earlier ? { comparison: { mode, points: await points(earlier) } } : {}),
    };
  }
}

/** The months of a period that have begun. The rest of a running period is not known yet. */
function begun({ first, last }: Period, now: number): number[] {
  const months: number[] = [];
  for (let month = first; month <= Math.min(last, now); month++) months.push(month);
  return months;
}

function policyOf({ build: { policyVersion, policy, timeZone } }: ServingBuild): PolicyInForce {
  return { version: policyVersion, ...policy, timeZone };
}
