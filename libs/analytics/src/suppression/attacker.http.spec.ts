import { interactionKinds } from '@readership/contracts';
import { memoryAdapters } from '@readership/embedded';
import type { Grant } from '@readership/host';
import { issuedKey, startApp, type TestApp } from '@readership/host/testing';
import type { Adapters } from '@readership/kernel';
import { chance, type Chance } from '../../testing/random-history.js';
import { AnalyticsModule } from '../analytics.module.js';
import { isoMonth, monthOf } from '../calendar/days-and-months.js';
import { neighbours, type Neighbours } from '../neighbours.fixture.js';
import type { Point } from '../metrics/figures-query.js';
import { Attacker, type Sum } from '../../testing/attacker.js';
import { definitions, sumOf, sumsTold, type Asked, type Told } from '../../testing/figure-sums.js';
import {
  first,
  happens,
  last,
  months,
  reasons,
  type Tree,
  windowMonths,
} from '../../testing/random-consortium.js';
import { isSmall } from './suppression.js';

interface Place {
  readonly app: TestApp;
  readonly adapters: Adapters;
  readonly others: Neighbours;
  readonly tree: Tree;
}

/** Libraries and branches as chance has it, each with a few readers, or with some dozens. */
async function grown(by: Chance): Promise<Place> {
  const adapters = memoryAdapters({ partitions: 2 });
  const others = neighbours(adapters);
  const now = new Date('2024-09-15T12:00:00Z');
  const app = await startApp((on) => [AnalyticsModule.on(on)], adapters, { now: () => now });
  const libraries: Record<string, string[]> = {};
  for (let at = 0, all = 0; at < 1 + by.below(3); at++)
    libraries[`L${at}`] = Array.from({ length: 1 + by.below(3) }, () => `B${all++}`);
  const tree = { libraries, branches: Object.values(libraries).flat() };
  await others.publish('ConsortiumConfigured', 'consortium', {
    ...{ name: 'Lakes', timeZone: 'UTC', currency: 'EUR', fiscalYearStartMonth: 4 },
    activityPolicy: { qualifying: [...interactionKinds], windowMonths, digital: true },
  });
  for (const [id, of] of Object.entries(libraries)) {
    await others.publish('LibraryAdded', `library-${id}`, { id, name: id });
    for (const branch of of)
      await others.publish('BranchAdded', `branch-${branch}`, {
        ...{ id: branch, name: branch, library: id, timeZone: 'UTC' },
      });
  }
  await others.publish('SurveyCreated', 'survey-s', {
    ...{ survey: 's', language: 'en' },
    questions: [
      { id: 'n', type: 'nps' },
      { id: 'c', type: 'csat' },
    ],
  });
  const place = { app, adapters, others, tree };
  for (const branch of tree.branches) {
    for (let n = by.pick([0, 2, 4, 9, 25]); n > 0; n--) await happens(others, tree, by, branch);
  }
  await app.settled();
  return place;
}

const flows = ['new-readers', 'lost-readers', 'reactivated-readers', 'moved-in-readers', 'moved-out-readers'];
const stocks = [
  ...['current-readers', 'active-readers', 'retained-readers', 'returned-readers'],
  ...['newly-active-readers', 'retention', 'churn', 'cost-per-reader'],
];
const others = ['frequency', 'visit-days', 'satisfaction', 'nps', 'csat', 'testimonials'];

const pairsOf = ({ branches }: Tree) =>
  branches.flatMap((a, i) => branches.slice(i + 1).map((b) => [a, b] as const));

/** Everything that somebody may ask about persons and respondents. */
async function everything({ app, tree }: Place, key: string, by: Chance): Promise<readonly Told[]> {
  const pair = [by.pick(tree.branches), by.pick(tree.branches)].map((branch) => `branch:${branch}`);
  const scopes = [
    'consortium',
    ...Object.keys(tree.libraries).map((library) => `library:${library}`),
    ...tree.branches.map((branch) => `branch:${branch}`),
    ...(new Set(pair).size === 2 ? [pair.join(',')] : []),
  ];
  const asked = scopes.flatMap((scope) =>
    [...flows, ...stocks, ...others].flatMap((metric): Asked[] => [
      { metric, scope, grain: 'month' },
      { metric, scope, grain: 'quarter' },
      { metric, scope, grain: 'year' },
      { metric, scope, grain: 'year', year: 'fiscal' },
    ]),
  );
  for (const [a, b] of pairsOf(tree))
    asked.push({ metric: 'moved-in-readers', scope: `branch:${a},branch:${b}`, grain: 'month' });
  const told: Told[] = [];
  for (let at = 0; at < asked.length; at += 50) {
    const requests = asked.slice(at, at + 50);
    const period = { from: isoMonth(first - 1), to: isoMonth(last + 1) };
    const send = (of: readonly Asked[]) =>
      app.http({
        url: '/v1/metrics/query',
        body: { requests: of.map((request) => ({ ...request, ...period })) },
        key,
      });
    const answer = await send(requests);
    if (answer.status === 200)
      requests.forEach((request, i) => told.push({ ...request, points: answer.body.answers[i].points }));
    else {
      for (const request of requests) {
        const one = await send([request]);
        if (one.status === 200) told.push({ ...request, points: one.body.answers[0].points });
      }
    }
  }
  for (const scope of scopes) {
    for (const month of months) {
      const query = `scope=${encodeURIComponent(scope)}&to=${isoMonth(month)}`;
      const board = await app.http({ url: `/v1/metrics?${query}`, key });
      if (board.status !== 200) continue;
      for (const { metric, grain, points, comparison } of board.body.figures)
        told.push({ metric, scope, grain, points: [...points, ...comparison.points] });
    }
  }
  return told;
}

/** The count of a point as the exact answers have it. */
const countOf = ({ metric }: Asked, { n, numerator, value }: Point): number =>
  metric === 'retention' ? numerator! : metric === 'cost-per-reader' ? n! : (n ?? value!);

/** Counts that nobody may work out, each with its value: of every branch, library and pair, for one month or several. */
function secrets(exact: readonly Told[], tree: Tree, own: ReadonlySet<string>) {
  const values = new Map<string, number>();
  for (const told of exact) {
    if (told.grain !== 'month' || !told.scope.startsWith('branch:') || told.scope.includes(',')) continue;
    const branch = told.scope.slice('branch:'.length);
    for (const point of told.points) {
      const at = `${branch}|${monthOf(point.period)}`;
      const names: Record<string, string> = {
        ...{ 'new-readers': 'new', 'reactivated-readers': 'reactivated', 'current-readers': 'current' },
        ...{ 'active-readers': 'active', 'retained-readers': 'retained', 'returned-readers': 'returned' },
        ...{ 'newly-active-readers': 'newly', frequency: 'users-1', csat: 'csat', nps: 'nps' },
        testimonials: 'testimonials',
      };
      const name = names[told.metric];
      if (name !== undefined) values.set(`${name}|${at}`, countOf(told, point));
      if (told.metric === 'lost-readers')
        for (const reason of reasons) values.set(`lost-${reason}|${at}`, point.reasons![reason]);
      if (told.metric === 'retention') {
        values.set(`kept|${at}`, point.numerator!);
        values.set(`left|${at}`, point.denominator! - point.numerator!);
      }
    }
  }
  const groups = [
    ...tree.branches.map((branch) => [branch]),
    ...pairsOf(tree),
    ...Object.values(tree.libraries),
    tree.branches,
  ].filter((group) => !group.some((branch) => own.has(branch)));
  const kinds = [
    ...['new', 'reactivated', 'current', 'active', 'retained', 'returned', 'newly', 'kept', 'left'],
    ...['users-1', 'csat', 'nps', 'testimonials', ...reasons.map((reason) => `lost-${reason}`)],
  ].map((name) => [name]);
  kinds.push(
    reasons.map((reason) => `lost-${reason}`),
    ['new', 'reactivated'],
  );
  const stock = new Set(['current', 'active', 'retained', 'returned', 'newly', 'kept', 'left', 'users-1']);
  const found: { readonly sum: Sum; readonly value: number; readonly name: string }[] = [];
  for (const group of groups) {
    for (const kind of kinds) {
      for (const from of months) {
        for (const to of stock.has(kind[0]!) ? [from] : months.filter((month) => month >= from)) {
          const sum = sumOf(kind.map((name) => [name, group, from, to]));
          const value = [...sum.keys()].reduce((all, name) => all + values.get(name)!, 0);
          const name = `${kind.join('+')} of ${group.join('+')} ${isoMonth(from)}–${isoMonth(to)}`;
          found.push({ sum, value, name });
        }
      }
    }
  }
  return found;
}

/** How many readers moved between each pair of branches in each month, either way. */
async function moved({ app, tree }: Place, own: ReadonlySet<string>) {
  const pairs = pairsOf(tree);
  const period = { from: isoMonth(first), to: isoMonth(last) };
  const requests = tree.branches.map((branch) => `branch:${branch}`);
  requests.push(...pairs.map(([a, b]) => `branch:${a},branch:${b}`));
  const into = new Map<string, readonly Point[]>();
  for (let at = 0; at < requests.length; at += 50) {
    const some = requests.slice(at, at + 50);
    const body = { requests: some.map((scope) => ({ metric: 'moved-in-readers', scope, ...period })) };
    const answer = await app.when({ url: '/v1/metrics/query', body }).then(200);
    some.forEach((scope, i) => into.set(scope, answer.body.answers[i].points));
  }
  return pairs
    .filter((pair) => !pair.some((branch) => own.has(branch)))
    .flatMap(([a, b]) =>
      months.map((month, i) => {
        const [ofA, ofB, ofBoth] = [`branch:${a}`, `branch:${b}`, `branch:${a},branch:${b}`].map(
          (scope) => into.get(scope)![i]!.n!,
        );
        return {
          sum: sumOf([['move', [`${a}>${b}`, `${b}>${a}`], month, month]]),
          value: ofA! + ofB! - ofBoth!,
          name: `moves between ${a} and ${b} in ${isoMonth(month)}`,
        };
      }),
    );
}

/** The small counts that somebody can work out from what they were told. */
async function workedOut(
  told: readonly Told[],
  exact: readonly Told[],
  place: Place,
  own: ReadonlySet<string>,
  by: Chance,
): Promise<readonly string[]> {
  const { tree } = place;
  const attacker = new Attacker();
  for (const of of told) {
    for (const point of of.points)
      if (point.suppressed !== true) for (const sum of sumsTold(of, point, tree)) attacker.learns(sum);
  }
  for (const sum of definitions(tree)) attacker.learns(sum);
  attacker.thinks(by.below);
  return [...secrets(exact, tree, own), ...(await moved(place, own))]
    .filter(({ value, sum }) => isSmall(value) && attacker.knows(sum))
    .map(({ name, value }) => `${name}: ${value}`);
}

const analyst: Grant = { role: 'analyst', scopes: ['consortium'] };
const manager: Grant = { role: 'branch-manager', scopes: ['branch:B0'] };

/** Each with the branches of which they may see the persons, and the consortium that they are tried on. */
const attackers: readonly (readonly [name: string, grants: readonly Grant[], own: string[], seed: number])[] =
  [
    ['an analyst of a consortium', [analyst], [], 3],
    ['an analyst of a small one', [analyst], [], 20],
    ['an analyst of a library', [{ role: 'analyst', scopes: ['library:L0'] }], [], 3],
    ['a manager of a branch', [manager], ['B0'], 1],
    ['a manager of a branch who analyses the consortium', [analyst, manager], ['B0'], 43],
    ['a manager of a branch who analyses another consortium', [analyst, manager], ['B0'], 91],
  ];

it.each(attackers)('%s works out nothing about fewer than five', async (_, grants, of, seed) => {
  const by = chance(seed);
  const own = new Set(of);
  const place = await grown(by);
  try {
    const { app, adapters, others, tree } = place;
    const key = await issuedKey(app, adapters, grants);
    const told = () => everything(place, key, chance(seed));
    const exact = () => everything(place, app.key, chance(seed));
    expect(await workedOut(await told(), await exact(), place, own, by)).toEqual([]);

    await happens(others, tree, by, by.pick(tree.branches));
    await app.settled();

    expect(await workedOut(await told(), await exact(), place, own, by)).toEqual([]);
  } finally {
    await place.app.close();
    await place.adapters.close();
  }
});

it('somebody who is shown everything works out much', async () => {
  const by = chance(3);
  const place = await grown(by);
  try {
    const exact = await everything(place, place.app.key, chance(3));
    const found = await workedOut(exact, exact, place, new Set(), by);
    for (const count of [
      'new of B',
      'lost-closed of B',
      'left of B',
      'users-1 of B',
      'csat of B',
      'moves between B',
    ])
      expect(found.filter((name) => name.startsWith(count))).not.toEqual([]);
  } finally {
    await place.app.close();
    await place.adapters.close();
  }
});
