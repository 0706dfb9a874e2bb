import fc from 'fast-check';
import {
  Gap,
  partitionOf,
  readModelProcessor,
  Stale,
  type Delivered,
  type EventTally,
  type Keyed,
  type Projection,
  type ReadModels,
  type Tally,
} from '@readership/kernel';
import { memoryAdapters } from './index.js';

let adapters: ReturnType<typeof memoryAdapters> | undefined;
const opened = (partitions = 1) => (adapters = memoryAdapters({ partitions }));
afterEach(async () => {
  await adapters?.close();
  adapters = undefined;
});

/** What readers did: a visit, a visit taken back, or an invalid fact. */
interface Fact extends Keyed {
  readonly type: 'Visited' | 'Undone' | 'Ignored';
  readonly branch: string;
}
interface Given extends Delivered {
  readonly fact: Fact;
}
interface Reader {
  readonly visits: Readonly<Record<string, number>>;
}

const reader: Projection<Fact, Reader> = {
  name: 'reader',
  version: 1,
  on: ['Visited', 'Undone'],
  key: (fact) => (fact.branch === 'nowhere' ? null : fact.key),
  apply(row, fact) {
    if (fact.branch === 'poison') throw new Error('cannot be applied');
    const visits = { ...row?.visits };
    const n = (visits[fact.branch] ?? 0) + (fact.type === 'Visited' ? 1 : -1);
    if (n === 0) delete visits[fact.branch];
    else visits[fact.branch] = n;
    return Object.keys(visits).length === 0 ? null : { visits };
  },
  indexes: { branch: (row) => Object.keys(row.visits) },
};
const visits: Tally<Reader> = {
  name: 'visits',
  cells: (row) => new Map(Object.entries(row.visits).map(([branch, n]) => [`visits|${branch}`, n])),
};
const people: Tally<Reader> = { name: 'people', cells: () => new Map([['people', 1]]) };
const events: EventTally<Fact> = {
  name: 'volume',
  version: 1,
  on: ['Visited', 'Undone'],
  cells: (fact) => new Map([[fact.branch, fact.type === 'Visited' ? 1 : -1]]),
};
const model = { projection: reader, tallies: [visits, people] };
const decode = ({ fact }: Given): Fact => fact;

type Seed = readonly [key: string, branch: string, type?: Fact['type']];

/** Records with dense offsets and positions. */
const records = (...seeds: readonly Seed[]): Given[] =>
  seeds.map(([key, branch, type = 'Visited'], i) => ({
    offset: i + 1,
    context: 'log',
    position: i + 1,
    previous: i,
    key,
    type,
    recordedAt: '2026-03-01T10:00:00.000Z',
    fact: { key, type, branch },
  }));

const cellsOf = async (models: ReadModels, id: string) =>
  Object.fromEntries(
    [...(await models.cells(id, [{ from: '', to: '\uffff' }]))].filter(([, n]) => n !== 0).sort(),
  );

async function stateOf(models: ReadModels, id: string): Promise<unknown> {
  const { rows } = await models.all<Reader>(id, { limit: 200 });
  const parked = await models.parked(id, 0, { limit: 200 });
  const byKey = rows.map(({ key, row }) => [key, row]).sort();
  // The number of commits may differ.
  const checkpoint = { ...(await models.checkpoint(id, 0)), rev: null };
  return { rows: byKey, cells: await cellsOf(models, id), parked, checkpoint };
}

describe('a processor', () => {
  const id = 'reader.v1';
  const begun = () => {
    const models = opened().readModels('analytics');
    return { models, processor: readModelProcessor<Given, Fact>(model, models) };
  };

  it('applies a batch, counts its rows and moves its checkpoint', async () => {
    const { models, processor } = begun();
    await processor.process(
      0,
      records(['ada', 'NORTH'], ['ada', 'NORTH'], ['bob', 'SOUTH'], ['bob', 'X', 'Ignored']),
      decode,
    );
    expect(await models.get(id, 'ada')).toEqual({ visits: { NORTH: 2 } });
    expect(await cellsOf(models, id)).toEqual({ 'visits|NORTH': 2, 'visits|SOUTH': 1, people: 2 });
    expect(await models.checkpoint(id, 0)).toMatchObject({
      offset: 4,
      lanes: { log: 4 },
      applied: 3,
      skipped: 1,
      parked: 0,
    });
    expect((await models.find(id, 'branch', { value: 'SOUTH' }, { limit: 9 })).rows).toHaveLength(1);
  });

  it('restates counts when a row is corrected, and forgets a row that becomes null', async () => {
    const { models, processor } = begun();
    const all = records(
      ['ada', 'NORTH'],
      ['bob', 'NORTH'],
      ['ada', 'NORTH', 'Undone'],
      ['bob', 'SOUTH'],
      ['bob', 'NORTH', 'Undone'],
    );
    await processor.process(0, all.slice(0, 2), decode);
    await processor.process(0, all.slice(2), decode);
    expect(await models.get(id, 'ada')).toBeNull();
    expect(await cellsOf(models, id)).toEqual({ 'visits|SOUTH': 1, people: 1 });
  });

  it('drops what it has seen', async () => {
    const { models, processor } = begun();
    const all = records(['ada', 'NORTH'], ['ada', 'NORTH'], ['ada', 'NORTH']);
    await processor.process(0, all.slice(0, 2), decode);
    await processor.process(0, all, decode);
    await processor.process(0, all, decode);
    await processor.process(0, [{ ...all[1]!, offset: 4 }], decode);
    expect(await models.get(id, 'ada')).toEqual({ visits: { NORTH: 3 } });
    expect(await models.checkpoint(id, 0)).toMatchObject({ offset: 4, applied: 3, skipped: 0 });
  });

  it('applies nothing of a batch with a gap', async () => {
    const { models, processor } = begun();
    const all = records(['ada', 'NORTH'], ['ada', 'NORTH'], ['ada', 'NORTH']);
    await expect(processor.process(0, [all[0]!, all[2]!], decode)).rejects.toThrow(Gap);
    expect(await models.get(id, 'ada')).toBeNull();
    await processor.process(0, all, decode);
    expect(await models.get(id, 'ada')).toEqual({ visits: { NORTH: 3 } });
  });

  it('is stale when another has moved the checkpoint, and then goes on from there', async () => {
    const { models, processor } = begun();
    const other = readModelProcessor<Given, Fact>(model, models);
    const all = records(['ada', 'NORTH'], ['ada', 'SOUTH'], ['ada', 'SOUTH']);
    await processor.process(0, all.slice(0, 1), decode);
    await other.process(0, all.slice(0, 2), decode);
    await expect(processor.process(0, all, decode)).rejects.toThrow(Stale);
    expect((await processor.checkpoint(0)).offset).toBe(2);
    await processor.process(0, all, decode);
    expect(await models.get(id, 'ada')).toEqual({ visits: { NORTH: 1, SOUTH: 2 } });
    expect(await cellsOf(models, id)).toEqual({ 'visits|NORTH': 1, 'visits|SOUTH': 2, people: 1 });
  });

  it('parks what cannot be applied with the later records of its key, and the others go on', async () => {
    const { models, processor } = begun();
    const all = records(
      ['ada', 'NORTH'],
      ['ada', 'poison'],
      ['bob', 'NORTH'],
      ['ada', 'NORTH'],
      ['ada', 'X', 'Ignored'],
      ['bob', 'NORTH'],
      ['ada', 'SOUTH'],
    );
    await processor.process(0, all.slice(0, 5), decode);
    await readModelProcessor<Given, Fact>(model, models).process(0, all, decode);
    expect(await models.get(id, 'ada')).toEqual({ visits: { NORTH: 1 } });
    expect(await models.get(id, 'bob')).toEqual({ visits: { NORTH: 2 } });
    expect((await models.parked(id, 0, { limit: 9 })).map(({ offset, reason }) => [offset, reason])).toEqual([
      [2, 'CANNOT_APPLY'],
      [4, 'BEHIND_PARKED'],
      [7, 'BEHIND_PARKED'],
    ]);
    expect(await models.checkpoint(id, 0)).toMatchObject({ offset: 7, applied: 3, skipped: 1, parked: 3 });
  });

  it('parks what cannot be decoded', async () => {
    const { models, processor } = begun();
    const all = records(['ada', 'NORTH'], ['bob', 'NORTH']);
    await processor.process(0, all, (record) => {
      if (record.key === 'ada') throw new SyntaxError('not JSON');
      return record.fact;
    });
    expect(await models.get(id, 'bob')).toEqual({ visits: { NORTH: 1 } });
    expect(await models.checkpoint(id, 0)).toMatchObject({ applied: 1, parked: 1 });
  });

  it('parks nothing when reading or writing fails', async () => {
    const { models, processor } = begun();
    const all = records(['ada', 'NORTH']);
    const { getMany, commit } = models;
    models.getMany = () => Promise.reject(new Error('no rows today'));
    await expect(processor.process(0, all, decode)).rejects.toThrow('no rows today');
    models.getMany = getMany;
    models.commit = () => Promise.reject(new Error('no commits today'));
    await expect(processor.process(0, all, decode)).rejects.toThrow('no commits today');
    models.commit = commit;
    await processor.process(0, all, decode);
    expect(await models.checkpoint(id, 0)).toMatchObject({ applied: 1, parked: 0 });
  });

  it('counts events that carry what they undo without keeping rows', async () => {
    const models = opened().readModels('analytics');
    const processor = readModelProcessor<Given, Fact>({ tally: events }, models);
    await processor.process(
      0,
      records(['ada', 'N'], ['bob', 'N'], ['ada', 'S'], ['ada', 'S', 'Undone']),
      decode,
    );
    expect(await cellsOf(models, 'volume.v1')).toEqual({ N: 2 });
    expect((await models.all('volume.v1', { limit: 9 })).rows).toEqual([]);
  });

  it('keeps working when it may hold no row in memory', async () => {
    const models = opened().readModels('analytics');
    const processor = readModelProcessor<Given, Fact>(model, models, 0);
    const all = records(['ada', 'N'], ['bob', 'N'], ['ada', 'N'], ['bob', 'S']);
    for (const record of all) await processor.process(0, [record], decode);
    expect(await cellsOf(models, id)).toEqual({ 'visits|N': 3, 'visits|S': 1, people: 2 });
  });

  it('that is refused in one partition parks nothing in another', async () => {
    const models = opened(2).readModels('analytics');
    const keyIn = (p: number) => ['k0', 'k1', 'k2', 'k3'].find((key) => partitionOf(key, 2) === p)!;
    const all = [0, 1].map((p) => records(...Array.from({ length: 40 }, (): Seed => [keyIn(p), 'N'])));
    const processor = readModelProcessor<Given, Fact>(model, models);
    await processor.process(0, all[0]!.slice(0, 1), decode);
    const { commit } = models;
    models.commit = async (...args) => (args[1] === 0 ? 'stale' : commit.apply(models, args));
    for (let ticks = 1; ticks < 40; ticks++) {
      await processor.process(1, all[1]!.slice(0, ticks), decode);
      await processor.checkpoint(0);
      const refused = expect(processor.process(0, all[0]!, decode)).rejects.toThrow(Stale);
      // The refusal arrives at each moment of the other partition's work in turn.
      for (let tick = 0; tick < ticks; tick++) await null;
      await processor.process(1, [all[1]![ticks]!], decode);
      await refused;
    }
    expect(await models.checkpoint(id, 1)).toMatchObject({ offset: 40, applied: 40, parked: 0 });
    expect(await models.get(id, keyIn(1))).toEqual({ visits: { N: 40 } });
  });

  const seed = fc.tuple(
    fc.constantFrom('ada', 'bob', 'cyd', 'ada/1'),
    fc.constantFrom('NORTH', 'SOUTH', 'NORTH', 'SOUTH', 'EAST', 'nowhere', 'poison'),
    fc.constantFrom<Fact['type']>('Visited', 'Visited', 'Undone', 'Ignored'),
  );

  it('gives the same whatever the batches, and its counts are the sum of the cells of its rows', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(seed, { maxLength: 40 }),
        fc.array(fc.integer({ min: 1, max: 15 }), { minLength: 1 }),
        fc.boolean(),
        async (seeds, sizes, restarts) => {
          const all = records(...seeds);
          const once = memoryAdapters();
          try {
            const [single, batched] = [once.readModels('one-by-one'), once.readModels('batched')];
            const one = readModelProcessor<Given, Fact>(model, single);
            for (const record of all) await one.process(0, [record], decode);
            let many = readModelProcessor<Given, Fact>(model, batched, 2);
            for (let i = 0, n = 0; i < all.length; n++) {
              const size = sizes[n % sizes.length]!;
              // Each batch repeats some records of the one before, as delivery does.
              await many.process(0, all.slice(Math.max(0, i - 3), i + size), decode);
              if (restarts) many = readModelProcessor<Given, Fact>(model, batched);
              i += size;
            }
            expect(await stateOf(batched, id)).toEqual(await stateOf(single, id));
            const sum: Record<string, number> = {};
            for (const { row } of (await batched.all<Reader>(id, { limit: 200 })).rows) {
              for (const tally of [visits, people]) {
                for (const [cell, n] of tally.cells(row)) sum[cell] = (sum[cell] ?? 0) + n;
              }
            }
            expect(await cellsOf(batched, id)).toEqual(
              Object.fromEntries(
                Object.entries(sum)
                  .filter(([, n]) => n !== 0)
                  .sort(),
              ),
            );
            const { applied, skipped, parked } = await batched.checkpoint(id, 0);
            expect(applied + skipped + parked).toBe(all.length);
          } finally {
            await once.close();
          }
        },
      ),
      { numRuns: 100 },
    ));
});
