import { interactionKinds, type InteractionKind } from '@readership/contracts';
import { Refusal } from '@readership/kernel';
import { lossReasons } from '../readership/people.js';
import { npsInterval, ratio, wilson } from './arithmetic.js';
import type { Covered } from './coverage.js';
import type { Reasons, FigureCounts } from './figure-counts.js';

/** What a metric says of one period. `value` is `null` for a ratio, score or cost without data. */
export interface Figure {
  readonly value: number | null;
  /** The number of persons, responses or interactions behind it. */
  readonly n: number;
  readonly numerator?: number;
  readonly denominator?: number;
  readonly low?: number;
  readonly high?: number;
  readonly mean?: number | null;
  readonly reasons?: Reasons;
  readonly covered?: Covered;
}

/**
 * One period in month numbers, as a metric counts it: the months that have begun, at least one, and the last month of
 * the whole period.
 */
export interface Span {
  readonly months: readonly number[];
  readonly end: number;
  readonly length: 1 | 3 | 12;
}

export interface Metric {
  readonly unit: string;
  readonly family: 'people' | 'use' | 'costs' | 'satisfaction' | 'volumes';
  /** A figure for each span, at its index. All spans have one length. */
  figures(sources: FigureCounts, spans: readonly Span[]): Figure[];
}

const lastBegun = ({ months }: Span): number => months[months.length - 1]!;

/** Sums a monthly count over the months of each span. */
function summed(spans: readonly Span[], count: (months: readonly number[]) => readonly number[]): number[] {
  const months = spans.flatMap((span) => span.months);
  const counts = count(months);
  let at = 0;
  return spans.map((span) => span.months.reduce((sum) => sum + counts[at++]!, 0));
}

const counted = (counts: readonly number[]): Figure[] => counts.map((value) => ({ value, n: value }));

function stock(measure: 'current' | 'active' | 'retained' | 'returned' | 'newly-active'): Metric {
  return {
    unit: 'persons',
    family: 'people',
    figures: ({ people }, spans) => counted(people.stock(measure, spans.map(lastBegun))),
  };
}

function flow(measure: 'new' | 'reactivated'): Metric {
  return {
    unit: 'persons',
    family: 'people',
    figures: ({ people }, spans) => counted(summed(spans, (months) => people.flow(measure, months))),
  };
}

function moved(direction: 'in' | 'out'): Metric {
  return {
    unit: 'persons',
    family: 'people',
    figures: ({ people }, spans) => counted(summed(spans, (months) => people.moved(months)[direction])),
  };
}

const lost: Metric = {
  unit: 'persons',
  family: 'people',
  figures({ people }, spans) {
    const byMonth = people.lostReasons(spans.flatMap((span) => span.months));
    let at = 0;
    return spans.map((span) => {
      const reasons = { lapsed: 0, expired: 0, closed: 0, erased: 0 };
      for (let i = 0; i < span.months.length; i++) {
        for (const reason of lossReasons) reasons[reason] += byMonth[at]![reason];
        at++;
      }
      const value = lossReasons.reduce((sum, reason) => sum + reasons[reason], 0);
      return { value, n: value, reasons };
    });
  },
};

/** The share of those active a window before the end of the period who are still active, or no longer active. */
function retention(of: (kept: number, before: number) => number): Metric {
  return {
    unit: 'fraction',
    family: 'people',
    figures({ people, windowMonths }, spans) {
      const ends = spans.map(lastBegun);
      const kept = people.stock('kept', ends);
      const before = people.stock(
        'active',
        ends.map((month) => month - windowMonths),
      );
      return spans.map((_, i) => division(of(kept[i]!, before[i]!), before[i]!, before[i]!));
    },
  };
}

function division(numerator: number, denominator: number, n: number): Figure {
  return { value: ratio(numerator, denominator), n, numerator, denominator };
}

/** The measure per person with a use in the period. */
function perUser(measure: 'uses' | 'visit-days', unit: string): Metric {
  return {
    unit,
    family: 'use',
    figures({ people }, spans) {
      const ends = spans.map((span) => span.end);
      const length = spans[0]?.length ?? 1;
      const [counts, users] = [people.window(measure, length, ends), people.window('users', length, ends)];
      return spans.map((_, i) => division(counts[i]!, users[i]!, users[i]!));
    },
  };
}

/** The costs of the period ÷ a count, and how much of it they cover. Without stated costs there is no figure. */
function costPer(
  unit: string,
  among: (sources: FigureCounts, spans: readonly Span[]) => readonly { count: number; n: number }[],
): Metric {
  return {
    unit,
    family: 'costs',
    figures(sources, spans) {
      const counts = among(sources, spans);
      const minor = summed(spans, sources.costs.minor);
      const entries = summed(spans, sources.costs.entries);
      const byMonth = sources.costs.covered(spans.flatMap((span) => span.months));
      const part = (of: keyof Covered) => summed(spans, () => byMonth.map((month) => month[of]));
      const [costed, busy] = [part('with'), part('of')];
      return spans.map((_, i) => {
        const figure = division(minor[i]!, counts[i]!.count, counts[i]!.n);
        const covered = { with: costed[i]!, of: busy[i]! };
        return { ...figure, ...(entries[i] === 0 ? { value: null } : {}), covered };
      });
    },
  };
}

function volumeOf(kinds: readonly InteractionKind[], sources: FigureCounts, spans: readonly Span[]) {
  const counts = summed(spans, (months) => sources.quantities(kinds, months));
  const n = summed(spans, (months) => sources.interactions(kinds, months));
  return counts.map((count, i) => ({ count, n: n[i]! }));
}

function volume(...kinds: InteractionKind[]): Metric {
  return {
    unit: 'interactions',
    family: 'volumes',
    figures: (sources, spans) => volumeOf(kinds, sources, spans).map(({ count, n }) => ({ value: count, n })),
  };
}

/** For each span, how many answers gave each score. */
function histograms(item: 'nps' | 'csat', { scores }: FigureCounts, spans: readonly Span[]) {
  const sums = scores(
    item,
    spans.flatMap((span) => span.months),
  ).map(({ score, counts }) => ({ score, counts: summed(spans, () => counts) }));
  return spans.map((_, i) => sums.map(({ score, counts }) => ({ score, count: counts[i]! })));
}

function tally(
  histogram: readonly { score: number; count: number }[],
  of: (score: number) => number,
): number {
  return histogram.reduce((sum, { score, count }) => sum + of(score) * count, 0);
}

const satisfied = (withMean: boolean): Metric => ({
  unit: 'fraction',
  family: 'satisfaction',
  figures: (sources, spans) =>
    histograms('csat', sources, spans).map((histogram) => {
      const n = tally(histogram, () => 1);
      const satisfied = tally(histogram, (score) => (score >= 4 ? 1 : 0));
      return {
        ...division(satisfied, n, n),
        ...(n === 0 ? {} : wilson(satisfied, n)),
        ...(withMean
          ? {
              mean: ratio(
                tally(histogram, (score) => score),
                n,
              ),
            }
          : {}),
      };
    }),
});

const nps: Metric = {
  unit: 'score',
  family: 'satisfaction',
  figures: (sources, spans) =>
    histograms('nps', sources, spans).map((histogram) => {
      const n = tally(histogram, () => 1);
      const promoters = tally(histogram, (score) => (score >= 9 ? 1 : 0));
      const detractors = tally(histogram, (score) => (score <= 6 ? 1 : 0));
      return {
        value: ratio(100 * (promoters - detractors), n),
        n,
        numerator: promoters - detractors,
        denominator: n,
        ...(n === 0 ? {} : npsInterval(promoters, detractors, n)),
      };
    }),
};

const testimonials: Metric = {
  unit: 'testimonials',
  family: 'satisfaction',
  figures: (sources, spans) => counted(summed(spans, sources.testimonials)),
};

/** Every metric. METRICS.md says what each means. A new metric is one more entry here. */
export const metrics: Readonly<Record<string, Metric>> = {
  'new-readers': flow('new'),
  'lost-readers': lost,
  'reactivated-readers': flow('reactivated'),
  'current-readers': stock('current'),
  'moved-in-readers': moved('in'),
  'moved-out-readers': moved('out'),
  'active-readers': stock('active'),
  'retained-readers': stock('retained'),
  'returned-readers': stock('returned'),
  'newly-active-readers': stock('newly-active'),
  retention: retention((kept) => kept),
  churn: retention((kept, before) => before - kept),
  frequency: perUser('uses', 'uses-per-reader'),
  'visit-days': perUser('visit-days', 'days-per-reader'),
  'cost-per-reader': costPer('minor-per-reader', ({ people }, spans) =>
    people.stock('active', spans.map(lastBegun)).map((count) => ({ count, n: count })),
  ),
  'cost-per-visit': costPer('minor-per-visit', (sources, spans) => volumeOf(['visit'], sources, spans)),
  'cost-per-interaction': costPer('minor-per-interaction', (sources, spans) =>
    volumeOf(interactionKinds, sources, spans),
  ),
  satisfaction: satisfied(false),
  nps,
  csat: satisfied(true),
  testimonials,
  interactions: volume(...interactionKinds),
  visits: volume('visit'),
  loans: volume('loan'),
  renewals: volume('renewal'),
  returns: volume('return'),
  holds: volume('hold'),
  references: volume('reference'),
  programs: volume('program'),
  computers: volume('computer'),
  wifi: volume('wifi'),
  eresources: volume('eresource'),
  ill: volume('ill'),
  'in-house-use': volume('in-house-use'),
  rooms: volume('room'),
  contacts: volume('contact'),
  payments: volume('payment'),
};

/** Throws `UNKNOWN_METRIC`. */
export function metricNamed(name: string): Metric {
  if (Object.hasOwn(metrics, name)) return metrics[name]!;
  throw new Refusal(
    'UNKNOWN_METRIC',
    'unknown',
    `There is no metric with this name; the metrics are ${Object.keys(metrics).join(', ')}.`,
  );
}

/** The six metrics of the consortium's board, in its order: new readers by month, the others over twelve months. */
export const boardMetrics = [
  { name: 'new-readers', grain: 'month' },
  { name: 'lost-readers', grain: '12-months' },
  { name: 'frequency', grain: '12-months' },
  { name: 'cost-per-reader', grain: '12-months' },
  { name: 'testimonials', grain: '12-months' },
  { name: 'satisfaction', grain: '12-months' },
] as const;
