import { start, type ReadModels } from '@readership/kernel';
import {
  caughtBy,
  readModelsContract,
  readModelsModel,
  readModelsSaboteurs,
  runCase,
  type Fixture,
  type Maker,
} from '@readership/kernel/testing';
import { connectMongo } from '../mongo.js';
import { MongoReadModels } from './mongo-read-models.js';
import { scratchDatabase } from '../../testing/scratch-database.fixture.js';
import { testServers } from '../../testing/test-servers.fixture.js';

function models(partitions: number): Maker<Fixture<ReadModels>> {
  return async () => {
    const place = await scratchDatabase('models');
    let port = new MongoReadModels(place.database, partitions);
    return {
      partitions,
      get port() {
        return port;
      },
      reopen: async () => {
        port = new MongoReadModels(place.database, partitions);
      },
      close: () => place.remove(),
    };
  };
}

for (const partitions of [1, 3]) {
  describe(`the read models on MongoDB with ${partitions} partition${partitions === 1 ? '' : 's'}`, () => {
    for (const one of readModelsContract) it(one.name, () => runCase(models(partitions), one));

    it('agree with maps over random histories', () => readModelsModel(models(partitions), { runs: 15 }));
  });
}

describe('the suite on MongoDB notices one that', () => {
  for (const saboteur of readModelsSaboteurs) {
    it(saboteur.name, async () =>
      expect(await caughtBy(readModelsContract, models(3), saboteur)).toBe(saboteur.breaks),
    );
  }
});

describe('what a server could see otherwise', () => {
  // In code-unit order. Servers that compare bytes order the last two the other way round; some cut at U+0000.
  const texts = [
    '\u0000',
    '\u0000a',
    '\u0001',
    '\u0002',
    'a',
    'a\u0000',
    'a\u0001b',
    'b c',
    '\ud83d',
    '😀',
    '～',
  ];
  const all = { limit: 100 };

  it('keys, values and cells of any text are kept apart and in code-unit order', () =>
    runCase(models(1), {
      name: 'any text',
      async run({ port }) {
        const rows = new Map(
          texts.map((text) => [`k/${text}`, { row: { text }, indexes: { name: [text, `${text}2`] } }]),
        );
        const cells = new Map(texts.map((text, n) => [text, n + 1]));
        const to = { ...start, offset: 1 };
        await port.commit('any.v1', 0, { from: 0, to, rows, cells, parked: [], unparked: [] });
        const wanted = texts.map((text) => ({ key: `k/${text}`, row: { text } }));
        expect((await port.under('any.v1', 'k', all)).rows).toEqual(wanted);
        expect((await port.find('any.v1', 'name', { prefix: '' }, all)).rows).toEqual(wanted);
        expect(await port.cells('any.v1', [{ from: '', to: '\uffff' }])).toEqual(cells);
        for (const [n, text] of texts.entries()) {
          const found = await port.find('any.v1', 'name', { value: text }, all);
          expect(found.rows).toEqual([wanted[n]]);
        }
      },
    }));

  it('sums of counts that need more than 32 bits are exact', () =>
    runCase(models(3), {
      name: 'large sums',
      async run({ port }) {
        for (const [partition, n] of [2 ** 31 - 1, 2 ** 31 - 1, 2 ** 40].entries()) {
          const cells = new Map([['cents', n]]);
          const to = { ...start, offset: 1 };
          await port.commit('large.v1', partition, {
            from: 0,
            to,
            rows: new Map(),
            cells,
            parked: [],
            unparked: [],
          });
        }
        const sum = 2 ** 40 + 2 ** 32 - 2;
        expect(await port.cells('large.v1', [{ from: '', to: '~' }])).toEqual(new Map([['cents', sum]]));
      },
    }));

  it('a model whose name would run into the key is refused', () =>
    runCase(models(1), {
      name: 'names',
      async run({ port }) {
        await expect(port.get('two words', 'k')).rejects.toThrow('without spaces');
      },
    }));
});

it('hundreds of ranges of cells, and the checkpoints of all partitions, are one command each', async () => {
  const partitions = 12;
  const branches = Array.from({ length: 100 }, (_, n) => `B${n}`);
  const months = Array.from({ length: 24 }, (_, n) => String(n + 10));
  const place = await scratchDatabase('commands');
  const commands: string[] = [];
  const database = await connectMongo(testServers().mongodb, place.name, {
    watch: (command) => void commands.push(command),
  });
  try {
    const port = new MongoReadModels(database, partitions);
    const names = branches.flatMap((branch) => months.map((month) => `any|${branch}|${month}`));
    const cells = new Map(names.map((name) => [name, 1]));
    const to = { ...start, offset: 1 };
    for (let partition = 0; partition < partitions; partition++) {
      await port.commit('many.v1', partition, {
        from: 0,
        to,
        rows: new Map(),
        cells,
        parked: [],
        unparked: [],
      });
    }
    commands.length = 0;
    const ranges = branches.map((branch) => ({ from: `any|${branch}|11`, to: `any|${branch}|13` }));
    const found = await port.cells('many.v1', ranges);
    expect([found.size, new Set(found.values())]).toEqual([2 * branches.length, new Set([partitions])]);
    const whole = await port.cells('many.v1', [{ from: 'any|', to: 'any}' }]);
    expect([whole.size, new Set(whole.values())]).toEqual([names.length, new Set([partitions])]);
    expect((await port.checkpoints('many.v1')).map(({ rev }) => rev)).toEqual(
      Array.from({ length: partitions }, () => 1),
    );
    expect(commands).toEqual(['aggregate', 'aggregate', 'find']);
  } finally {
    await database.close();
    await place.remove();
  }
});

it('a page of a list, read either way, is one range of ids in the order of ids, which is the index of ids', async () => {
  const place = await scratchDatabase('backwards');
  const finds: Readonly<Record<string, unknown>>[] = [];
  const database = await connectMongo(testServers().mongodb, place.name, {
    watch: (command, body) => void (command === 'find' && finds.push(body)),
  });
  const keys = Array.from({ length: 9 }, (_, n) => `k/${n}`);
  const batch = { from: 0, to: { ...start, offset: 1 }, cells: new Map(), parked: [], unparked: [] };
  try {
    const port = new MongoReadModels(database, 1);
    const rows = new Map(keys.map((key) => [key, { row: { key }, indexes: { name: [key] } }]));
    await port.commit('ways.v1', 0, { ...batch, rows });
    for (const [descending, order] of [[false, 1] as const, [true, -1] as const]) {
      finds.length = 0;
      const page = await port.under('ways.v1', 'k', { limit: 2, descending });
      await port.under('ways.v1', 'k', { limit: 2, descending, after: page.next! });
      const found = await port.find('ways.v1', 'name', { prefix: 'k' }, { limit: 2, descending });
      await port.find(
        'ways.v1',
        'name',
        { from: 'k/2', to: 'k/8' },
        { limit: 2, descending, after: found.next! },
      );
      const listed = finds.filter(({ sort }) => sort !== undefined);
      expect(listed).toHaveLength(4);
      for (const { filter, sort, limit } of listed) {
        expect([sort, limit]).toEqual([new Map([['_id', order]]), 3]);
        expect(filter).toMatchObject({ _id: { $gt: expect.any(String), $lt: expect.any(String) } });
      }
    }
  } finally {
    await database.close();
    await place.remove();
  }
});
