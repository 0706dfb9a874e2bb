import { Inject, Injectable } from '@nestjs/common';
import type { ActivityPolicy } from '@readership/contracts';
import { AppliedWait, Clock, outOfScope, Scopes, type Reach } from '@readership/host';
import { endsAgeMaxMs, EventLog, ReadModels, Refusal } from '@readership/kernel';
import { foldCellsInTurn, type CountsOf } from '../calendar/fold-cells.js';
import { beginningOf, monthIn } from '../calendar/months.js';
import { costsModel, costsModelAt, spendingsModel, type CostsModel } from '../costs/costs-model.js';
import {
  ScopeDirectory,
  directoryModel,
  partsOf,
  type Directory,
  type Scope,
} from '../directory/directory.js';
import type { Settings } from '../directory/directory.projection.js';
import { Builds, type ServingBuild } from '../builds/builds.js';
import { monthOf } from '../calendar/days-and-months.js';
import { neededFor } from '../suppression/figure-groups.js';
import { HiddenFigures } from '../suppression/hidden-figures.js';
import { ShownFigures, viewerOf, type Viewer } from '../suppression/shown-figures.js';
import { boardMetrics, metricNamed, metrics, type Figure, type Metric } from './definitions.js';
import {
  compared,
  monthsAsked,
  nameOf,
  parseMonth,
  periodsOf,
  twelveMonthsFrom,
  twelveMonthsTo,
  type Grain,
  type Period,
  type RollingGrain,
} from './periods.js';
import type { Asker } from './asker.js';
import { countsOf } from './figure-counts.js';

/**
 * The figure of one period. `complete` means that the period has ended and nothing on the log waits to be counted,
 * including parked records, which may be about any period. It is false when the end of the log is not known, and when
 * costs do not cover the whole period.
 */
export interface Point extends Omit<Figure, 'n'> {
  readonly period: string;
  /** `null` when the figure is hidden. */
  readonly n: number | null;
  /** The figure is hidden, because it or one that follows from it could point to somebody. */
  readonly suppressed?: true;
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
  readonly grain: Grain | RollingGrain;
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
  readonly asker: Asker;
}

type BoardQuestion = Pick<MetricQuestion, 'scope' | 'to' | 'after' | 'asker'>;

/** One metric of a query of several. */
export interface MetricRequest extends Omit<MetricQuestion, 'after' | 'asker'> {
  readonly metric: string;
}

/** The answers to several requests, read at one time, in their order. */
export interface MetricAnswers {
  readonly asOf: string;
  readonly answers: readonly MetricAnswer[];
}

/** Names scopes of a directory, whoever asks. Of these, whoever calls decides what is shown. */
type ScopesOf = (directory: Directory) => readonly string[];

/** Whose figures are asked for, by whom, and since when. */
interface Asking {
  readonly scopes: readonly string[] | ScopesOf;
  readonly after?: string | undefined;
  readonly asker: Asker;
}

/** A metric of some periods, and of those that they are compared with. */
interface Asked {
  readonly name: string;
  readonly scope: string;
  readonly metric: Metric;
  readonly grain: MetricAnswer['grain'];
  readonly periods: readonly Period[];
  readonly mode?: 'previous' | 'year' | undefined;
  readonly earlier?: readonly Period[] | undefined;
}

/** What one answer is read from, besides cells. */
interface Reading {
  readonly running: ServingBuild;
  /** Those that are asked for, by name. */
  readonly scopes: ReadonlyMap<string, Scope>;
  readonly directory: Directory;
  readonly viewer: Viewer;
  readonly settings: Settings;
  readonly costs: CostsModel;
  readonly asOf: string;
  /** The current month. */
  readonly now: number;
  /** Everything recorded on the log before this instant (epoch milliseconds) is counted; `null` when that is not known. */
  readonly countedUpTo: number | null;
}

interface Answers {
  readonly reading: Reading;
  readonly answers: readonly MetricAnswer[];
}

const notBegun: Figure = { value: null, n: 0 };

/**
 * Answers every metric from the serving build. All figures of an answer are folded from cells that are read together, so
 * that it takes as many reads of the store for hundreds of branches as for one.
 */
@Injectable()
export class FiguresQuery {
  constructor(
    @Inject(ReadModels) private readonly models: ReadModels,
    @Inject(EventLog) private readonly log: EventLog,
    @Inject(ScopeDirectory) private readonly directory: ScopeDirectory,
    @Inject(Builds) private readonly builds: Builds,
    @Inject(AppliedWait) private readonly applied: AppliedWait,
    @Inject(HiddenFigures) private readonly hidden: HiddenFigures,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /**
   * Throws `UNKNOWN_METRIC`, `UNKNOWN_SCOPE`, `OUT_OF_SCOPE`, `BAD_MONTH`, `FROM_AFTER_TO`, `TooManyPoints`,
   * `MIXED_CURRENCIES`.
   */
  async metric(name: string, question: MetricQuestion): Promise<MetricAnswer> {
    const { scope, after, asker } = question;
    const { answers } = await this.answers({ scopes: [scope], after, asker }, (reading) => [
      askedOf({ ...question, metric: name }, reading),
    ]);
    return answers[0]!;
  }

  /**
   * Several metrics and scopes, read together. Throws like `metric`, with the request at fault in the pointer, and answers
   * nothing then.
   */
  async several(
    requests: readonly MetricRequest[],
    { after, asker }: Pick<MetricQuestion, 'after' | 'asker'>,
  ): Promise<MetricAnswers> {
    const scopes = requests.map(({ scope }) => scope);
    const { reading, answers } = await this.answers({ scopes, after, asker }, (of) =>
      requests.map((request, at) => {
        try {
          return askedOf(request, of);
        } catch (error) {
          throw error instanceof Refusal ? inRequest(error, at) : error;
        }
      }),
    );
    return { asOf: reading.asOf, answers };
  }

  async board({ scope, to: asked, after, asker }: BoardQuestion): Promise<Board> {
    const { reading, answers } = await this.answers({ scopes: [scope], after, asker }, ({ now }) => {
      const to = asked === undefined ? now - 1 : parseMonth(asked, 'to');
      return boardMetrics.map(({ name, grain }) => {
        const monthly = grain === 'month';
        const periods = monthly ? periodsOf(to, to, 'month', 'calendar') : [twelveMonthsTo(to)];
        const rename = monthly ? (first: number) => nameOf(first, 'month', false) : twelveMonthsFrom;
        const earlier = compared(periods, 'year', rename);
        return { name, scope, metric: metrics[name]!, grain, periods, mode: 'year', earlier };
      });
    });
    const { asOf, running, scopes } = reading;
    return { asOf, scope: scopes.get(scope)!.name, policy: policyOf(running), figures: answers };
  }

  /** What is asked for, read together. Throws like `metric`. */
  answers(asking: Asking, ask: (reading: Reading) => readonly Asked[]): Promise<Answers> {
    return this.builds.reading(async (running) => {
      const reading = await this.reading(running, asking);
      const asked = ask(reading);
      const shown = await this.shown(asked, reading);
      const folds = asked.map((one) => (counts: CountsOf) => answerOf(one, reading, shown, counts));
      const answers = await foldCellsInTurn(this.models, folds);
      return { reading, answers };
    });
  }

  /** Which figures may be shown; `null` when all may. */
  private async shown(asked: readonly Asked[], reading: Reading): Promise<ShownFigures | null> {
    const { viewer, running, now, countedUpTo } = reading;
    const concealed = asked.filter(({ scope }) => !partsOf(scope).every((part) => viewer.persons(part)));
    if (concealed.length === 0) return null;
    const months = new Set(
      concealed.flatMap(({ name, periods, earlier = [] }) =>
        [...periods, ...earlier].flatMap((period) =>
          neededFor(name, begun(period, now), period.last, running.build.policy.windowMonths).map(
            ({ month }) => month,
          ),
        ),
      ),
    );
    const unsettled =
      countedUpTo === null
        ? 0
        : monthOf(monthIn(running.build.timeZone)(new Date(countedUpTo).toISOString()));
    const from = { ...reading, unsettled };
    return ShownFigures.of(viewer, await this.hidden.of(months, from), from, this.models);
  }

  /** Every answer begins here. It reads how far the counts are complete before it reads anything else. */
  private async reading(running: ServingBuild, { scopes, after, asker }: Asking): Promise<Reading> {
    const models = [...running.ids.values(), costsModel, directoryModel];
    await this.applied.until({ after }, { published: models });
    const now = this.clock.now();
    const ends = this.log.knownEnds();
    const checkpoints = new Map(
      await Promise.all(
        [...models, spendingsModel].map(
          async (model) => [model, await this.models.checkpoints(model)] as const,
        ),
      ),
    );
    const costs = await costsModelAt(this.models, checkpoints);
    const used = [...running.ids.values(), costs.id, directoryModel].map((model) => checkpoints.get(model)!);
    const counted =
      ends !== null &&
      used.every((of) =>
        of.every(({ offset, parked }, partition) => offset >= ends[partition]! && parked === 0),
      );
    const offsets = Array.from({ length: this.models.partitions }, (_, partition) =>
      Math.min(...used.map((of) => of[partition]!.offset)),
    );
    const directory = await this.directory.read();
    return {
      running,
      scopes:
        typeof scopes === 'function'
          ? new Map(scopes(directory).map((name) => [name, directory.scope(name)]))
          : await shownScopes(directory, scopes, asker.figures),
      directory,
      viewer: await viewerOf(directory, asker),
      settings: directory.settings,
      costs,
      asOf: `${running.build.number}:${offsets.join('.')}`,
      now: monthOf(monthIn(running.build.timeZone)(now.toISOString())),
      countedUpTo: counted ? now.getTime() - endsAgeMaxMs : null,
    };
  }
}

/** The scopes of these names. Everybody sees the figures of the consortium, and others only within their own scopes. */
async function shownScopes(
  directory: Directory,
  names: readonly string[],
  reaches: readonly Reach[],
): Promise<ReadonlyMap<string, Scope>> {
  const isShown = await new Scopes(directory).judge(reaches, names.flatMap(partsOf));
  const scopes = new Map<string, Scope>();
  for (const name of names) {
    if (scopes.has(name)) continue;
    const scope = directory.scope(name);
    if (!scope.consortium && !partsOf(name).every((part) => isShown(part))) throw outOfScope(reaches);
    scopes.set(name, scope);
  }
  return scopes;
}

function inRequest({ code, kind, detail, pointer = '' }: Refusal, at: number): Refusal {
  return new Refusal(code, kind, detail, `/requests/${at}${pointer}`);
}

/** What a request asks for at one time. */
function askedOf(
  { metric: name, scope, from: first, to: last, grain, year, compare: mode }: MetricRequest,
  { now, settings }: Reading,
): Asked {
  const metric = metricNamed(name);
  const [from, to] = monthsAsked(first, last, now);
  const fiscal = year === 'fiscal';
  const periods = periodsOf(from, to, grain, fiscal ? settings.fiscalYearStartMonth : 'calendar');
  const earlier = mode && compared(periods, mode, (month) => nameOf(month, grain, fiscal));
  return { name, scope, metric, grain, periods, mode, earlier };
}

/** Folds cells into the answer about one metric. Throws `MIXED_CURRENCIES` and `NOT_YET_APPLIED`. */
function answerOf(
  { name, scope: scopeName, metric, grain, periods, mode, earlier }: Asked,
  { running, scopes, settings, costs, asOf, now, countedUpTo }: Reading,
  shown: ShownFigures | null,
  counts: CountsOf,
): MetricAnswer {
  const scope = scopes.get(scopeName)!;
  let { currency } = settings;
  const sources = countsOf(counts, running, costs, scope, () => currency);
  if (metric.family === 'costs') {
    const months = [...periods, ...(earlier ?? [])].flatMap((period) => begun(period, now));
    const found = sources.costs.currencies(months);
    if (found.length > 1) {
      const detail = `The costs of this scope and period are in ${found.join(', ')}: choose a scope and a period with one currency.`;
      throw new Refusal('MIXED_CURRENCIES', 'invalid', detail);
    }
    currency = found[0] ?? currency;
  }
  const points = (of: readonly Period[]): Point[] => {
    const spans = of
      .filter((period) => period.first <= now)
      .map((period) => ({
        months: begun(period, now),
        end: period.last,
        length: (period.last - period.first + 1) as 1 | 3 | 12,
      }));
    const figures = metric.figures(sources, spans);
    return of.map((period, i) => {
      const figure = figures[i] ?? notBegun;
      const ended = period.last < now;
      const complete =
        ended &&
        countedUpTo !== null &&
        countedUpTo >= beginningOf(period.last + 1, running.build.timeZone) &&
        figure.covered?.with === figure.covered?.of;
      const months = begun(period, now);
      if (shown?.isShown(name, scope, { months, last: period.last }, figure) === false)
        return { period: period.name, value: null, n: null, suppressed: true, complete };
      const { reasons, ...rest } = figure;
      const split = reasons && (shown?.showsReasons(scope, months) ?? true) ? { reasons } : {};
      return { period: period.name, ...rest, ...split, complete };
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
    points: points(periods),
    ...(mode && earlier ? { comparison: { mode, points: points(earlier) } } : {}),
  };
}

/** The months of a period that have begun. The rest of a running period is not known yet. */
function begun({ first, last }: Period, now: number): number[] {
  const months: number[] = [];
  for (let month = first; month <= Math.min(last, now); month++) months.push(month);
  return months;
}

export function policyOf({ build: { policyVersion, policy, timeZone } }: ServingBuild): PolicyInForce {
  return { version: policyVersion, ...policy, timeZone };
}
