import {
  Halted,
  parkedMax,
  reactionProcessor,
  readModelProcessor,
  Stale,
  type Delivered,
  type Keyed,
  type Parked,
  type Projection,
} from '@readership/kernel';
import { memoryAdapters } from './index.js';

interface Fact extends Keyed {
  readonly type: 'Visited';
  readonly n: number;
}
/** True while the handler behaves like a faulty release that cannot apply the record. */
let broken = true;
const sums: Projection<Fact, { readonly seen: readonly number[] }> = {
  name: 'sums',
  version: 1,
  on: ['Visited'],
  key: ({ key }) => key,
  apply(row, { n }) {
    if (broken && n < 0) throw new Error('cannot be applied');
    return { seen: [...(row?.seen ?? []), n] };
  },
};
const records = (...seeds: readonly (readonly [key: string, n: number])[]) =>
  seeds.map(([key, n], i) => ({
    offset: i + 1,
    context: 'log',
    position: i + 1,
    previous: i,
    key,
    type: 'Visited',
    recordedAt: '2026-03-01T10:00:00.000Z',
    n,
  }));
type Given = Delivered & { readonly n: number };
const decode = ({ key, n }: Given): Fact => ({ type: 'Visited', key, n });
const all = records(['ada', 1], ['ada', -2], ['bob', 3], ['ada', 4], ['ada', -5], ['bob', 6]);
const again = async ({ offset }: Parked): Promise<Given> => all[offset - 1]!;

let adapters: ReturnType<typeof memoryAdapters>;
beforeEach(() => {
  broken = true;
  adapters = memoryAdapters();
});
afterEach(() => adapters.close());

const begun = async () => {
  const models = adapters.readModels('analytics');
  const processor = readModelProcessor<Given, Fact>({ projection: sums }, models);
  await processor.process(0, all, decode);
  return { models, processor };
};

describe('what is parked', () => {
  it('is replayed in order once it can be applied, and its key is held back no more', async () => {
    const { models, processor } = await begun();
    expect(await models.get('sums.v1', 'ada')).toEqual({ seen: [1] });
    broken = false;
    expect(await processor.replay(0, 'ada', again, decode)).toBe(3);
    expect(await models.get('sums.v1', 'ada')).toEqual({ seen: [1, -2, 4, -5] });
    expect(await models.checkpoint('sums.v1', 0)).toMatchObject({
      offset: 6,
      applied: 6,
      skipped: 0,
      parked: 0,
    });
    const [next] = records(['ada', 7]);
    await processor.process(0, [{ ...next!, offset: 7, position: 7, previous: 6 }], decode);
    expect(await models.get('sums.v1', 'ada')).toEqual({ seen: [1, -2, 4, -5, 7] });
  });

  it('stays parked from the first record on that still cannot be applied', async () => {
    const { models, processor } = await begun();
    await expect(processor.replay(0, 'ada', again, decode)).rejects.toMatchObject({
      code: 'STILL_CANNOT_APPLY',
    });
    expect((await models.parked('sums.v1', 0, { limit: 9 })).map(({ offset }) => offset)).toEqual([2, 4, 5]);
  });

  it('is given up one record at a time, which counts as skipped; the others can be replayed then', async () => {
    const { models, processor } = await begun();
    expect(await processor.discard(0, 'ada', 2)).toMatchObject({ offset: 2, reason: 'CANNOT_APPLY' });
    await expect(processor.replay(0, 'ada', again, decode)).rejects.toMatchObject({
      code: 'STILL_CANNOT_APPLY',
    });
    expect(await models.get('sums.v1', 'ada')).toEqual({ seen: [1, 4] });
    expect(await processor.discard(0, 'ada', 5)).toMatchObject({ offset: 5 });
    expect(await processor.discard(0, 'ada', 5)).toBeNull();
    expect(await models.checkpoint('sums.v1', 0)).toMatchObject({ applied: 4, skipped: 2, parked: 0 });
  });

  it('is given up only as the first of its key, and a repeat gives up nothing else', async () => {
    const { models, processor } = await begun();
    for (const offset of [4, 5, 6]) {
      await expect(processor.discard(0, 'ada', offset)).rejects.toMatchObject({
        code: 'NOT_FIRST_PARKED',
        detail: expect.stringContaining('offset 2'),
      });
    }
    expect(await processor.discard(0, 'ada', 1)).toBeNull();
    expect(await processor.discard(0, 'ada', 2)).toMatchObject({ offset: 2 });
    expect(await processor.discard(0, 'ada', 2)).toBeNull();
    expect((await models.parked('sums.v1', 0, { limit: 9 })).map(({ offset }) => offset)).toEqual([4, 5]);
  });

  it('is given up also by one that does not own the partition, while its owner goes on', async () => {
    const { models, processor } = await begun();
    let moves = 1;
    const restless = new Proxy(models, {
      get(target, name) {
        const method: unknown = Reflect.get(target, name, target);
        if (typeof method !== 'function') return method;
        return async (...args: unknown[]) => {
          if (name === 'commit' && moves-- > 0) {
            const [next] = records(['bob', 7]);
            await processor.process(0, [{ ...next!, offset: 7, position: 7, previous: 6 }], decode);
          }
          return method.apply(target, args) as unknown;
        };
      },
    });
    const other = readModelProcessor<Given, Fact>({ projection: sums }, restless);
    expect(await other.discard(0, 'ada', 2)).toMatchObject({ offset: 2 });
    expect(await models.checkpoint('sums.v1', 0)).toMatchObject({ offset: 7, parked: 2 });
  });

  it('is replayed by another processor while this one goes on: its next commit is stale, and it begins anew', async () => {
    const { models, processor } = await begun();
    broken = false;
    const other = readModelProcessor<Given, Fact>({ projection: sums }, models);
    expect(await other.replay(0, 'ada', again, decode)).toBe(3);
    // The offset is where the first processor left it, and yet what it remembers of parked keys and rows is out of date.
    const [ada] = records(['ada', 7]);
    const next = [{ ...ada!, offset: 7, position: 7, previous: 6 }];
    await expect(processor.process(0, next, decode)).rejects.toThrow(Stale);
    await processor.process(0, next, decode);
    expect(await models.get('sums.v1', 'ada')).toEqual({ seen: [1, -2, 4, -5, 7] });
    expect(await models.checkpoint('sums.v1', 0)).toMatchObject({ offset: 7, applied: 7, parked: 0 });
    expect(await processor.replay(0, 'ada', again, decode)).toBe(0);
  });

  it('halts the partition when it is more than a model may hold', async () => {
    const models = adapters.readModels('analytics');
    const processor = readModelProcessor<Given, Fact>({ projection: sums }, models);
    const many = records(...Array.from({ length: parkedMax + 1 }, (): [string, number] => ['ada', -1]));
    await processor.process(0, many.slice(0, 1), decode);
    await processor.process(0, many.slice(1, parkedMax), decode);
    await expect(processor.process(0, many.slice(parkedMax), decode)).rejects.toThrow(Halted);
    expect(await models.checkpoint('sums.v1', 0)).toMatchObject({ offset: parkedMax, parked: parkedMax });
  });
});

it('a reaction parks what it cannot decode, reacts to the rest, and to the parked when replayed', async () => {
  const models = adapters.readModels('interaction-log');
  const heard: number[] = [];
  const processor = reactionProcessor<Given, Fact>(
    { name: 'listen', on: ['Visited'], react: async (facts) => void heard.push(...facts.map(({ n }) => n)) },
    models,
  );
  const strict = (record: Given): Fact => {
    if (broken && record.n < 0) throw new Error('unknown version');
    return decode(record);
  };
  await processor.process(0, all, strict);
  expect(heard.sort()).toEqual([1, 3, 6]);
  broken = false;
  await processor.replay(0, 'ada', again, strict);
  expect(heard).toEqual([1, 3, 6, -2, 4, -5]);
});
