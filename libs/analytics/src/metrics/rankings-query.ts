import { Inject, Injectable } from '@nestjs/common';
import { outOfScope, Scopes, type Judge, type Reach } from '@readership/host';
import { Refusal } from '@readership/kernel';
import type { Directory, Member } from '../directory/directory.js';
import { ratio } from './arithmetic.js';
import { metricNamed } from './definitions.js';
import {
  FiguresQuery,
  policyOf,
  type MetricAnswer,
  type MetricQuestion,
  type Point,
} from './figures-query.js';
import { grainOf, monthsAsked, onePeriod } from './periods.js';

/** Fewer values than these are not shown as a median: too few to hide one of them among the others. */
const peersMin = 5;

/** The metrics of which less is better. */
const lowestIsBest: ReadonlySet<string> = new Set([
  'lost-readers',
  'moved-out-readers',
  'churn',
  'cost-per-reader',
  'cost-per-visit',
  'cost-per-interaction',
]);

/** One branch or library of a ranking: its place from 1 on, `null` without a value. */
export interface RankingItem extends Member, Point {
  readonly rank: number | null;
}

/** The median of the values of those who are not listed, and how many these are. */
export interface Peers {
  readonly median: number;
  readonly count: number;
}

/** A metric of one period of the branches or libraries of a scope, the best first. */
export interface Ranking extends Pick<MetricAnswer, 'metric' | 'unit' | 'grain' | 'policy' | 'asOf'> {
  readonly period: string;
  /** The currency of amounts, which are in its minor units. */
  readonly currency?: string;
  readonly among: string;
  readonly by: 'branch' | 'library';
  readonly best: 'highest' | 'lowest';
  readonly items: readonly RankingItem[];
  /** `null` when everybody is listed, or fewer than five of the others have a value. */
  readonly peers: Peers | null;
}

export interface RankingQuestion extends Pick<MetricQuestion, 'from' | 'to' | 'after' | 'asker'> {
  readonly among: string;
  readonly by: 'branch' | 'library';
}

/**
 * Compares the branches or libraries of the consortium, which everybody may ask for who sees figures, or the branches of a
 * library, for whoever reaches one of them.
 *
 * Whoever does not reach all of them sees their own alone, ranked among each other: a rank among those who are not shown
 * would tell in which order these are. To compare with, there is the median of the others when at least five of them
 * have a value. Their own values are not in it, so that nobody can move it by what they record. Of an odd number of
 * others the median is the value of one of them, without saying whose; the permission allows that from five on.
 */
@Injectable()
export class RankingsQuery {
  constructor(@Inject(FiguresQuery) private readonly figures: FiguresQuery) {}

  /**
   * Throws `UNKNOWN_METRIC`, `UNKNOWN_SCOPE`, `OUT_OF_SCOPE`, `BAD_PARAMETER`, `BAD_MONTH`, `FROM_AFTER_TO`,
   * `BAD_PERIOD`, `MIXED_CURRENCIES`.
   */
  async ranking(name: string, { among, by, from, to, after, asker }: RankingQuestion): Promise<Ranking> {
    checkAmong(among, by);
    const metric = metricNamed(name);
    const scopes = (of: Directory) => of.members(among, by).map(({ scope }) => scope);
    const periodAt = (now: number) => onePeriod(...monthsAsked(from, to, now));
    const { reading, answers } = await this.figures.answers({ scopes, after, asker }, (of) => {
      const period = periodAt(of.now);
      const grain = grainOf(period);
      return [...of.scopes.keys()].map((scope) => ({ name, metric, scope, grain, periods: [period] }));
    });
    const { directory, running, asOf, now } = reading;
    const isOwn = await ownOf(directory, among, asker.figures);
    const period = periodAt(now);
    const best = lowestIsBest.has(name) ? 'lowest' : 'highest';
    const items = directory.members(among, by).map((member, at) => ({
      ...member,
      ...answers[at]!.points[0]!,
    }));
    const currency = currencyOf(answers);
    return {
      ...{ metric: name, unit: metric.unit, ...(currency === undefined ? {} : { currency }) },
      ...{ among, by, best, grain: grainOf(period), period: period.name, policy: policyOf(running), asOf },
      items: ranked(
        items.filter(({ scope }) => isOwn(scope)),
        best,
      ),
      peers: peersOf(items.filter(({ scope }) => !isOwn(scope)).flatMap(({ value }) => value ?? [])),
    };
  }
}

function checkAmong(among: string, by: RankingQuestion['by']): void {
  if (among !== 'consortium' && !among.startsWith('library:')) {
    throw new Refusal(
      'UNKNOWN_SCOPE',
      'unknown',
      'Give `among` as consortium or library:<id>, with an id that exists.',
      '/among',
    );
  }
  if (by === 'library' && among !== 'consortium') {
    throw new Refusal('BAD_PARAMETER', 'invalid', 'Libraries are compared among the consortium only.', '/by');
  }
}

/** Says which scopes a request reaches. Throws `OUT_OF_SCOPE` when it reaches nothing of a library. */
async function ownOf(directory: Directory, among: string, reaches: readonly Reach[]): Promise<Judge> {
  const branches = directory.members(among, 'branch').map(({ scope }) => scope);
  const libraries = directory.members('consortium', 'library').map(({ scope }) => scope);
  const isOwn = await new Scopes(directory).judge(reaches, [...branches, ...libraries]);
  if (among !== 'consortium' && !isOwn(among) && !branches.some((scope) => isOwn(scope))) {
    throw outOfScope(reaches);
  }
  return isOwn;
}

/** The currency of the values. Throws `MIXED_CURRENCIES` when they are in several, and cannot be compared. */
function currencyOf(answers: readonly MetricAnswer[]): string | undefined {
  const valued = answers.filter(({ points }) => points[0]!.value !== null);
  const [first, ...more] = [...new Set(valued.flatMap(({ currency }) => currency ?? []))].sort();
  if (more.length > 0) {
    const detail = `These costs are in ${[first, ...more].join(', ')}: choose a period with one currency.`;
    throw new Refusal('MIXED_CURRENCIES', 'invalid', detail);
  }
  return first ?? answers[0]?.currency;
}

/** The best first. Equal values share a rank, and the next has the rank it would have without ties. */
export function ranked<Item extends Member & { readonly value: number | null }>(
  items: readonly Item[],
  best: Ranking['best'],
): (Item & { readonly rank: number | null })[] {
  const sign = best === 'highest' ? -1 : 1;
  const order = items.toSorted((a, b) => {
    if (a.value === b.value) return a.scope < b.scope ? -1 : 1;
    if (a.value === null || b.value === null) return a.value === null ? 1 : -1;
    return sign * (a.value - b.value);
  });
  const first = new Map<number, number>();
  for (const [at, { value }] of order.entries()) {
    if (value !== null && !first.has(value)) first.set(value, at + 1);
  }
  return order.map((item) => ({ rank: item.value === null ? null : first.get(item.value)!, ...item }));
}

/** The median, rounded half up to six decimals, and the number of values; `null` when there are fewer than five. */
export function peersOf(values: readonly number[]): Peers | null {
  const count = values.length;
  if (count < peersMin) return null;
  const ascending = values.toSorted((a, b) => a - b);
  const middle = [ascending[(count - 1) >> 1]!, ascending[count >> 1]!];
  // Figures have six decimals, so that millionths are integers.
  const millionths = middle.map((value) => BigInt(value.toFixed(6).replace('.', '')));
  return { median: ratio(millionths[0]! + millionths[1]!, 2_000_000)!, count };
}
