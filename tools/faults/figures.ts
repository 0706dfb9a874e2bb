import {
  branches,
  branchesByLibrary,
  expected,
  monthName,
  personOf,
  scopes,
  type History,
} from '@readership/analytics/testing';
import { interactionKinds, type ActivityPolicy, type InteractionKind } from '@readership/contracts';
import type { Client } from './client.js';
import { timeZone } from './history.js';
import type { KnownItem, Ledger } from './ledger.js';
import type { Figure } from './oracles.js';

const firstMonth = 2022 * 12 + 10;
const lastMonth = 2026 * 12 + 2;

/** The names of `scopes` in the API, in their order. */
const scopeNames = [
  'consortium',
  ...Object.keys(branchesByLibrary).map((library) => `library:${library}`),
  ...branches.map((branch) => `branch:${branch}`),
];

const volumes: Readonly<Record<string, readonly InteractionKind[]>> = {
  interactions: interactionKinds,
  loans: ['loan'],
  visits: ['visit'],
  renewals: ['renewal'],
  programs: ['program'],
  returns: ['return'],
};

/** A metric of the API, and the part of its points that corresponds to a series of the oracle. */
interface Asked {
  readonly metric: string;
  readonly part: 'value' | 'numerator' | 'denominator';
  readonly series: string;
}

const people: readonly Asked[] = [
  ...(
    [
      ['current-readers', 'current'],
      ['active-readers', 'active'],
      ['retained-readers', 'retained'],
      ['returned-readers', 'returned'],
      ['newly-active-readers', 'newly-active'],
      ['new-readers', 'new'],
      ['reactivated-readers', 'reactivated'],
      ['lost-readers', 'lost'],
      ['moved-in-readers', 'moved-in'],
      ['moved-out-readers', 'moved-out'],
    ] as const
  ).map(([metric, series]): Asked => ({ metric, part: 'value', series })),
  { metric: 'frequency', part: 'numerator', series: 'uses-1' },
  { metric: 'frequency', part: 'denominator', series: 'users-1' },
  { metric: 'visit-days', part: 'numerator', series: 'visit-days-1' },
  { metric: 'retention', part: 'numerator', series: 'kept' },
];

interface Point {
  readonly period: string;
  readonly value: number | null;
  readonly numerator?: number;
  readonly denominator?: number;
}

/** Asks for every figure that the history determines, in every scope. */
export async function figuresOf(
  client: Client,
  ledger: Ledger,
  items: readonly KnownItem[],
  qualifying: ActivityPolicy['qualifying'],
): Promise<readonly Figure[]> {
  const months = Array.from({ length: lastMonth - firstMonth + 1 }, (_, at) => firstMonth + at);
  const history = historyFor(ledger, items, qualifying);
  const persons = [...ledger.people.values()].map(({ id }) => personOf(history, id)!);
  const series = expected(persons, months);
  const figures: Figure[] = [];
  for (const [at, scope] of scopeNames.entries()) {
    const points = new Map<string, Promise<readonly Point[]>>();
    const ask = (metric: string): Promise<readonly Point[]> => {
      const range = `from=${monthName(firstMonth)}&to=${monthName(lastMonth)}`;
      const asked =
        points.get(metric) ??
        client
          .read<{ points: readonly Point[] }>(`/v1/metrics/${metric}?scope=${scope}&${range}`)
          .then((answer) => answer.points);
      points.set(metric, asked);
      return asked;
    };
    const compare = async ({ metric, part }: Omit<Asked, 'series'>, demanded: readonly number[]) => {
      for (const [i, point] of (await ask(metric)).entries()) {
        const name = `${metric} ${part} of ${scope} in ${point.period}`;
        figures.push({ name, expected: demanded[i]!, found: point[part] ?? null });
      }
    };
    for (const asked of people) await compare(asked, series[at]![asked.series]!);
    const own = counted(ledger, items, scopes[at]!, months);
    for (const metric of Object.keys(volumes)) await compare({ metric, part: 'value' }, own[metric]!);
    await compare({ metric: 'nps', part: 'numerator' }, own['nps']!);
    await compare({ metric: 'csat', part: 'numerator' }, own['csat']!);
    await compare({ metric: 'csat', part: 'denominator' }, own['answers']!);
    await compare({ metric: 'cost-per-visit', part: 'numerator' }, own['costs']!);
  }
  return figures;
}

/** The history as the oracle takes it: each interaction in its last state, with the person it belongs to. */
function historyFor(
  ledger: Ledger,
  items: readonly KnownItem[],
  qualifying: ActivityPolicy['qualifying'],
): History {
  const owners = ledger.owners();
  const ofPeople = [...ledger.people.values()].map(({ id, registration, told }) => {
    const fact = (type: string, data: object) => ({ type, key: id, stream: `patron-${id}`, data });
    const { homeBranch, enrolledOn } = registration;
    return [
      fact('PatronRegistered', { homeBranch, ...(enrolledOn === undefined ? {} : { enrolledOn }) }),
      ...told.map((wish) => {
        if (wish.do === 'move')
          return fact('PatronMoved', { homeBranch: wish.homeBranch, since: wish.since });
        if (wish.do === 'close') return fact('PatronClosed', { reason: wish.reason, on: wish.on });
        return fact('PatronReopened', { on: wish.on });
      }),
    ];
  });
  const ofItems = items.flatMap(({ item, now, status }) => {
    const owner =
      item.card === undefined
        ? item.person === undefined
          ? undefined
          : ledger.people.get(item.person)?.id
        : owners.get(item.card);
    if (owner === undefined) return [];
    const stream = `interaction-${item.number}`;
    const { time, kind, branch, quantity } = now;
    const says = { time, kind, branch, quantity, startedBy: 'patron', digital: false };
    const withdrawn = status === 'withdrawn';
    const type = withdrawn ? 'InteractionWithdrawn' : 'InteractionRecorded';
    return [[{ type, key: owner, stream, data: withdrawn ? { was: says } : { now: says } }]];
  });
  return {
    policy: { qualifying, windowMonths: ledger.windowMonths, digital: true },
    zone: timeZone,
    streams: [...ofPeople, ...ofItems] as unknown as History['streams'],
  };
}

/** What is a plain sum over the history, by month. */
function counted(
  { answers, costs }: Ledger,
  items: readonly KnownItem[],
  scope: readonly string[],
  months: readonly number[],
): Readonly<Record<string, number[]>> {
  const sums: Record<string, number[]> = {};
  for (const name of [...Object.keys(volumes), 'nps', 'csat', 'answers', 'costs'])
    sums[name] = months.map(() => 0);
  const count = (name: string, month: string, n: number): void => {
    const at = months.findIndex((each) => monthName(each) === month);
    if (at >= 0) sums[name]![at]! += n;
  };
  for (const { now, status } of items) {
    if (status === 'withdrawn' || !scope.includes(now.branch)) continue;
    const kind = now.kind;
    for (const [name, kinds] of Object.entries(volumes)) {
      if (kinds.includes(kind)) count(name, monthOf(now.time), now.quantity);
    }
  }
  for (const { answeredAt, branch, answers: given } of answers.values()) {
    if (!scope.includes(branch)) continue;
    const month = monthOf(answeredAt);
    count('nps', month, given.recommend >= 9 ? 1 : given.recommend <= 6 ? -1 : 0);
    count('csat', month, given.satisfied >= 4 ? 1 : 0);
    count('answers', month, 1);
  }
  for (const { branch, month, amount } of costs.values()) {
    if (scope.includes(branch)) count('costs', month, amount.minor);
  }
  return sums;
}

const format = new Intl.DateTimeFormat('sv-SE', { timeZone, year: 'numeric', month: '2-digit' });

/** The month of a time, in the consortium's time zone. */
function monthOf(time: string): string {
  return format.format(new Date(time));
}
