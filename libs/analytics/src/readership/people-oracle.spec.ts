import type { ActivityPolicy } from '@readership/contracts';
import { memoryAdapters } from '@readership/embedded';
import {
  readModelProcessor,
  modelId,
  partitionOf,
  type CellRange,
  type Delivered,
  type ReadModels,
} from '@readership/kernel';
import {
  expected,
  monthName,
  monthsToTell,
  personOf,
  scopes,
  type Series,
} from '../../testing/people-oracle.js';
import { foldCells } from '../calendar/fold-cells.js';
import { everywhere } from '../calendar/monthly.js';
import { lossReasons, peopleCounts, type PeopleCounts } from './people.js';
import { people } from './people.tally.js';
import {
  chance,
  interleaved,
  randomHistory,
  type Chance,
  type History,
} from '../../testing/random-history.js';
import { readerActivity, type ReaderActivity, type ReaderFact } from './reader-activity.projection.js';

const partitions = 3;

function read(counts: PeopleCounts, scope: readonly string[], months: readonly string[]): Series {
  const series: Series = {};
  for (const name of ['current', 'active', 'retained', 'returned', 'newly-active', 'kept'] as const) {
    series[name] = counts.stock(name, scope, months);
  }
  for (const name of ['new', 'reactivated', 'lost'] as const) series[name] = counts.flow(name, scope, months);
  const lost = counts.lostReasons(scope, months);
  for (const reason of lossReasons) series[`lost-${reason}`] = lost.map((point) => point[reason]);
  const moved = counts.moved(scope, months);
  series['moved-in'] = moved.in;
  series['moved-out'] = moved.out;
  for (const name of ['uses', 'users', 'visit-days'] as const) {
    for (const L of [1, 3, 12] as const) series[`${name}-${L}`] = counts.window(name, L, scope, months);
  }
  return series;
}

/** Checks both identities of METRICS.md, from a month on that has nothing before it. */
function identitiesHold(s: Series, scope: string): void {
  const [came, left] = [sum(s, ['new', 'reactivated', 'moved-in']), sum(s, ['lost', 'moved-out'])];
  const before = [0, ...s['current']!];
  same(
    `current of ${scope}`,
    s['current']!.join(' '),
    before
      .slice(0, -1)
      .map((n, m) => n + came[m]! - left[m]!)
      .join(' '),
  );
  same(
    `active of ${scope}`,
    s['active']!.join(' '),
    sum(s, ['retained', 'returned', 'newly-active']).join(' '),
  );
}

function sum(of: Series, names: readonly string[]): number[] {
  return of['current']!.map((_, m) => names.reduce((total, name) => total + of[name]![m]!, 0));
}

// The two ways to the same cells.

interface Counted {
  readonly rows: ReadonlyMap<string, ReaderActivity>;
  readonly models: ReadModels;
}

function folded({ policy, zone }: History, facts: readonly ReaderFact[]): Counted {
  const projection = readerActivity(policy, zone);
  const rows = new Map<string, ReaderActivity>();
  for (const fact of facts) {
    const key = projection.key(fact);
    if (key === null) continue;
    const row = projection.apply(rows.get(key) ?? null, fact);
    if (row) rows.set(key, row);
    else rows.delete(key);
  }
  const sum = sumOfCells(policy, rows.values());
  const inOrder = [...sum].sort(([a], [b]) => (a < b ? -1 : 1));
  const cells = async (_model: string, ranges: readonly CellRange[]) => {
    const found = new Map<string, number>();
    for (const { from, to } of ranges) {
      for (let at = firstNotBelow(inOrder, from); at < inOrder.length && inOrder[at]![0] < to; at++) {
        found.set(...inOrder[at]!);
      }
    }
    return found;
  };
  return { rows, models: { cells } as unknown as ReadModels };
}

function firstNotBelow(inOrder: readonly (readonly [string, number])[], name: string): number {
  let [low, high] = [0, inOrder.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (inOrder[middle]![0] < name) low = middle + 1;
    else high = middle;
  }
  return low;
}

function sumOfCells(policy: ActivityPolicy, rows: Iterable<ReaderActivity>): Map<string, number> {
  const tally = people(policy);
  const sum = new Map<string, number>();
  for (const row of rows) for (const [name, n] of tally.cells(row)) sum.set(name, (sum.get(name) ?? 0) + n);
  for (const [name, n] of sum) if (n === 0) sum.delete(name);
  return sum;
}

type Logged = Delivered & { readonly fact: ReaderFact };

/**
 * Applies the facts in random batches, with redelivered and republished records, replaced processors and few rows in
 * memory.
 */
async function run({ policy, zone }: History, facts: readonly ReaderFact[], by: Chance, models: ReadModels) {
  const projection = readerActivity(policy, zone);
  const model = { projection, tallies: [people(policy)] };
  const id = modelId(projection);
  await models.drop(id);
  const logs: Logged[][] = Array.from({ length: partitions }, () => []);
  const lanes: Record<string, number> = {};
  for (const fact of facts) {
    const partition = partitionOf(fact.key, partitions);
    const context = fact.stream.startsWith('patron-') ? 'patron-profile' : 'interaction-log';
    const previous = lanes[`${context}/${partition}`] ?? 0;
    const position = previous + 1 + by.below(3);
    lanes[`${context}/${partition}`] = position;
    const log = logs[partition]!;
    const recordedAt = '2024-01-01T00:00:00.000Z';
    log.push({
      offset: log.length + 1,
      context,
      position,
      previous,
      key: fact.key,
      type: fact.type,
      recordedAt,
      fact,
    });
    for (let back = by.may(0.05) ? 1 + by.below(3) : 0; back > 0 && log.length >= back; back--) {
      log.push({ ...log[log.length - back]!, offset: log.length + 1 });
    }
  }
  let processor = readModelProcessor<Logged, ReaderFact>(model, models, 1 + by.below(4));
  for (const [partition, log] of logs.entries()) {
    for (let at = 0; at < log.length;) {
      if (by.may(0.1)) processor = readModelProcessor<Logged, ReaderFact>(model, models, 1 + by.below(4));
      const from = Math.max(0, at - by.below(4));
      at = Math.min(log.length, at + 1 + by.below(12));
      await processor.process(partition, log.slice(from, at), (record) => record.fact);
    }
  }
  const { rows } = await models.all<ReaderActivity>(id, { limit: 1000 });
  return {
    id,
    rows: new Map(rows.map(({ key, row }) => [key, row])),
    cells: await models.cells(id, [{ from: '', to: '~' }]),
  };
}

const sorted = (of: ReadonlyMap<string, unknown>) =>
  JSON.stringify([...of].sort(([a], [b]) => (a < b ? -1 : 1)));

/** Compares every scope and month with the oracle, and checks both identities. */
async function agree(history: History, models: ReadModels, id: string): Promise<void> {
  const keys = new Set(history.streams.flat().map(({ key }) => key));
  const persons = [...keys].map((key) => personOf(history, key)).filter((person) => person !== null);
  const months = monthsToTell(persons);
  const wanted = expected(persons, months);
  // The first scope is all branches, which is also counted as a whole.
  const places = [[everywhere], ...scopes];
  const told = await foldCells(models, (counts) =>
    places.map((scope) => read(peopleCounts(counts, id), scope, months.map(monthName))),
  );
  for (const [s, scope] of places.entries()) {
    const got = told[s]!;
    for (const [name, series] of Object.entries(wanted[Math.max(0, s - 1)]!)) {
      same(`${name} of ${scope} from ${monthName(months[0]!)}`, got[name]!.join(' '), series.join(' '));
    }
    identitiesHold(got, String(scope));
  }
}

function same(what: string, got: string, wanted: string): void {
  if (got !== wanted) throw new Error(`${what}:\n    got ${got}\n wanted ${wanted}`);
}

/** `READERSHIP_SEED=<n>` repeats the history that failed. */
const replayed = process.env['READERSHIP_SEED'];

async function forRandomHistories(count: number, check: (history: History, by: Chance) => Promise<void>) {
  const seeds = replayed ? [Number(replayed)] : Array.from({ length: count }, (_, n) => n + 1);
  for (const seed of seeds) {
    const by = chance(seed);
    await check(randomHistory(by), by).catch((error: Error) => {
      throw new Error(`READERSHIP_SEED=${seed}: ${error.message}`, { cause: error });
    });
  }
}

describe('the people metrics of random histories', () => {
  it(
    'are those that an oracle counts from the raw facts, and both identities hold',
    () =>
      forRandomHistories(3000, async (history, by) => {
        const { models } = folded(history, interleaved(history.streams, by));
        await agree(history, models, '');
      }),
    300_000,
  );

  it('come out of the processor the same, and tally = Σ cells(row)', async () => {
    const adapters = memoryAdapters({ partitions });
    const models = adapters.readModels('analytics');
    await forRandomHistories(300, async (history, by) => {
      const facts = interleaved(history.streams, by);
      const ran = await run(history, facts, by, models);
      same('rows', sorted(ran.rows), sorted(folded(history, facts).rows));
      const sum = sumOfCells(history.policy, ran.rows.values());
      same('Σ cells(row)', sorted(new Map([...ran.cells].filter(([, n]) => n !== 0))), sorted(sum));
      await agree(history, models, ran.id);
    });
    await adapters.close();
  }, 300_000);

  it('do not depend on the order of facts of different streams: rows are equal to the byte', () =>
    forRandomHistories(1000, async (history, by) => {
      const [one, other] = [interleaved(history.streams, by), interleaved(history.streams, by)];
      same('rows', sorted(folded(history, other).rows), sorted(folded(history, one).rows));
    }));
});
