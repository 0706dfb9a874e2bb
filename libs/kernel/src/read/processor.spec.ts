import { jest } from '@jest/globals';
import { around } from '../contract/contract.js';
import { WakeUp } from '../wake-up.js';
import { parkedMax, type Parked, type ReadModels } from '../ports/read-models.js';
import { Gap, Halted, OtherLog, Stale, type Delivered } from './delivery.js';
import { MapReadModels } from '../contract/map-read-models.fixture.js';
import type { EventTally, Keyed, Projection } from './projection.js';
import { reactionProcessor } from './reaction.js';
import { readModelProcessor } from './read-model-processor.js';

interface Fact extends Keyed {
  readonly type: 'Visited' | 'Other';
  readonly n: number;
}
type Given = Delivered & { readonly n: number };

/** False while the handler cannot apply the broken record; true for a later release that can. */
let mended = false;
const sums: Projection<Fact, { readonly seen: readonly number[] }> = {
  name: 'sums',
  version: 1,
  on: ['Visited'],
  key: ({ key }) => key,
  apply(row, { n }) {
    if (n < 0 && !mended) throw new Error('cannot be applied');
    return { seen: [...(row?.seen ?? []), n] };
  },
};
const total = {
  name: 'total',
  cells: ({ seen }: { seen: readonly number[] }) => new Map([['n', seen.reduce((a, b) => a + b, 0)]]),
};
const id = 'sums.v1';

/** Records from offset 1 on, each following the one before. */
const records = (...seeds: readonly (readonly [key: string, n: number, type?: Fact['type']])[]): Given[] =>
  seeds.map(([key, n, type = 'Visited'], i) => ({
    offset: i + 1,
    context: 'log',
    position: i + 1,
    previous: i,
    key,
    type,
    recordedAt: '2026-03-01T10:00:00.000Z',
    n,
  }));
const decode = ({ key, n, type }: Given): Fact => ({ key, n, type: type as Fact['type'] });
const processorOn = (models: ReadModels) =>
  readModelProcessor<Given, Fact>({ projection: sums, tallies: [total] }, models);
const rowOf = async (models: ReadModels, key: string) =>
  (await models.get<{ seen: readonly number[] }>(id, key))?.seen;
const poisoned = records(['ada', 1], ['ada', -2], ['bob', 3], ['ada', 4], ['bob', 5]);
const again = async ({ offset }: Parked): Promise<Given> => poisoned[offset - 1]!;

let models: MapReadModels;
beforeEach(() => {
  mended = false;
  models = new MapReadModels(1);
});

describe('a processor', () => {
  it('applies each record once, in batches of any size, however often it is delivered', async () => {
    const all = records(['ada', 1], ['bob', 2], ['ada', 3], ['ada', 4], ['bob', 5]);
    const processor = processorOn(models);
    for (const [from, to] of [
      [0, 2],
      [0, 2],
      [1, 4],
      [3, 5],
      [4, 5],
    ] as const) {
      await processor.process(0, all.slice(from, to), decode);
    }
    expect(await rowOf(models, 'ada')).toEqual([1, 3, 4]);
    expect(await rowOf(models, 'bob')).toEqual([2, 5]);
    expect(await models.cells(id, [{ from: '', to: '~' }])).toEqual(new Map([['n', 15]]));
    expect(await processor.checkpoint(0)).toMatchObject({ rev: 3, offset: 5, applied: 5, skipped: 0 });
  });

  it('skips types that it does not handle, without decoding them', async () => {
    const processor = processorOn(models);
    const decoded: number[] = [];
    await processor.process(0, records(['ada', 1, 'Other'], ['ada', 2]), (record) => {
      decoded.push(record.n);
      return decode(record);
    });
    expect(decoded).toEqual([2]);
    expect(await processor.checkpoint(0)).toMatchObject({ offset: 2, applied: 1, skipped: 1 });
  });

  it('goes on from what is stored, whoever stored it', async () => {
    const all = records(['ada', 1], ['ada', 2], ['ada', 3]);
    await processorOn(models).process(0, all.slice(0, 2), decode);
    await processorOn(models).process(0, all, decode);
    expect(await rowOf(models, 'ada')).toEqual([1, 2, 3]);
  });

  it('does not know after a failed commit whether it was stored, and takes the batch right again', async () => {
    for (const isStored of [false, true]) {
      const store = new MapReadModels(1);
      let fails = true;
      const failing = around<ReadModels>(store, {
        async commit(...args) {
          if (!fails) return store.commit(...args);
          fails = false;
          if (isStored) await store.commit(...args);
          throw new Error('the reply was lost');
        },
      });
      const processor = processorOn(failing);
      const all = records(['ada', 1], ['ada', 2]);
      await expect(processor.process(0, all, decode)).rejects.toThrow('the reply was lost');
      await processor.process(0, all, decode);
      expect(await rowOf(store, 'ada')).toEqual([1, 2]);
    }
  });

  it('halts at a gap and at another log, and keeps what it has', async () => {
    const processor = processorOn(models);
    const all = records(['ada', 1], ['ada', 2], ['ada', 3]);
    await processor.process(0, all.slice(0, 1), decode);
    await expect(processor.process(0, all.slice(2), decode)).rejects.toThrow(Gap);
    const other = [{ ...all[0]!, recordedAt: '2026-03-02T10:00:00.000Z' }, all[1]!];
    await expect(processor.process(0, other, decode)).rejects.toThrow(OtherLog);
    await processor.process(0, all, decode);
    expect(await rowOf(models, 'ada')).toEqual([1, 2, 3]);
  });

  it('notices a second owner that committed, and goes on from what that one left', async () => {
    const all = records(['ada', 1], ['ada', 2], ['ada', 3]);
    const [one, other] = [processorOn(models), processorOn(models)];
    await one.process(0, all.slice(0, 1), decode);
    await other.process(0, all.slice(0, 2), decode);
    await expect(one.process(0, all, decode)).rejects.toThrow(Stale);
    await one.process(0, all, decode);
    expect(await rowOf(models, 'ada')).toEqual([1, 2, 3]);
  });

  it('keeps one memory of a partition, whoever asks for its checkpoint meanwhile', async () => {
    let reads = 0;
    const slow = around<ReadModels>(models, {
      async checkpoint(...args) {
        const read = await models.checkpoint(...args);
        // The second read comes late, and returns what was stored before the batch.
        if (++reads === 2) await new Promise((resolve) => setTimeout(resolve, 30));
        return read;
      },
    });
    const processor = processorOn(slow);
    const [batch] = await Promise.all([
      processor.process(0, poisoned.slice(0, 2), decode).then(() => processor.checkpoint(0)),
      processor.checkpoint(0),
    ]);
    expect(batch).toMatchObject({ offset: 2, parked: 1 });
    await processor.process(0, poisoned, decode);
    expect((await models.parked(id, 0, { limit: 9 })).map(({ offset }) => offset)).toEqual([2, 4]);
    expect(reads).toBe(1);
  });

  it('tells what it knows of a partition without asking the store, and wakes who watches it', async () => {
    const processor = processorOn(models);
    const wakeUp = new WakeUp();
    processor.watchedBy(wakeUp);
    let wakes = 0;
    const known = () => {
      const isNews = wakeUp.count > wakes;
      wakes = wakeUp.count;
      return [processor.known(0)?.offset ?? null, isNews];
    };
    expect(known()).toEqual([null, false]);
    await processor.checkpoint(0);
    expect(known()).toEqual([0, true]);
    const all = records(['ada', 1], ['ada', 2], ['ada', 3]);
    await processor.process(0, all.slice(0, 1), decode);
    expect(known()).toEqual([1, true]);
    await processor.process(0, all.slice(0, 1), decode);
    expect(known()).toEqual([1, false]);
    await processorOn(models).process(0, all.slice(0, 2), decode);
    await expect(processor.process(0, all, decode)).rejects.toThrow(Stale);
    expect(known()).toEqual([null, true]);
    await processor.process(0, all, decode);
    expect(known()).toEqual([3, true]);
  });

  it('reads a partition that it gave up again from the store, after the batch in hand', async () => {
    const processor = processorOn(models);
    const all = records(['ada', 1], ['ada', 2], ['ada', 3]);
    const batch = processor.process(0, all.slice(0, 1), decode);
    processor.release(0);
    await batch;
    await processorOn(models).process(0, all.slice(0, 2), decode);
    expect(processor.known(0)).toBe(null);
    await processor.process(0, all, decode);
    expect(await rowOf(models, 'ada')).toEqual([1, 2, 3]);
  });
});

describe('a record that cannot be applied', () => {
  it('is parked with the later ones of its key, and everything else goes on', async () => {
    const processor = processorOn(models);
    await processor.process(0, poisoned, decode);
    expect(await rowOf(models, 'ada')).toEqual([1]);
    expect(await rowOf(models, 'bob')).toEqual([3, 5]);
    const parked = await models.parked(id, 0, { limit: 9 });
    expect(parked.map(({ offset, reason }) => [offset, reason])).toEqual([
      [2, 'CANNOT_APPLY'],
      [4, 'BEHIND_PARKED'],
    ]);
    expect(await processor.checkpoint(0)).toMatchObject({ offset: 5, applied: 3, skipped: 0, parked: 2 });
  });

  it('is replayed in order once its cause is mended, and its key is free again', async () => {
    const processor = processorOn(models);
    await processor.process(0, poisoned, decode);
    await expect(processor.replay(0, 'ada', again, decode)).rejects.toMatchObject({
      code: 'STILL_CANNOT_APPLY',
    });
    mended = true;
    expect(await processor.replay(0, 'ada', again, decode)).toBe(2);
    const all = [
      ...poisoned,
      ...records(['x', 0], ['x', 0], ['x', 0], ['x', 0], ['x', 0], ['ada', 6]).slice(5),
    ];
    await processor.process(0, all, decode);
    expect(await rowOf(models, 'ada')).toEqual([1, -2, 4, 6]);
    expect(await processor.checkpoint(0)).toMatchObject({ offset: 6, applied: 6, parked: 0 });
  });

  it('is replayed by another process: the offset stays, and the owner still notices', async () => {
    const owner = processorOn(models);
    await owner.process(0, poisoned, decode);
    mended = true;
    expect(await processorOn(models).replay(0, 'ada', again, decode)).toBe(2);
    const next = records(['x', 0], ['x', 0], ['x', 0], ['x', 0], ['x', 0], ['ada', 6]).slice(5);
    await expect(owner.process(0, next, decode)).rejects.toThrow(Stale);
    await owner.process(0, next, decode);
    expect(await rowOf(models, 'ada')).toEqual([1, -2, 4, 6]);
    expect(await models.parked(id, 0, { limit: 9 })).toEqual([]);
    expect(await owner.checkpoint(0)).toMatchObject({ applied: 6, parked: 0 });
  });

  it('is given up as the first of its key only, and once', async () => {
    const processor = processorOn(models);
    await processor.process(0, poisoned, decode);
    const told: number[] = [];
    const before = async ({ offset }: { offset: number }): Promise<void> => void told.push(offset);
    await expect(processor.discard(0, 'ada', 4, before)).rejects.toMatchObject({ code: 'NOT_FIRST_PARKED' });
    await expect(processor.discard(0, 'ada', 2, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await models.parked(id, 0, { limit: 9 })).toHaveLength(2);
    expect(await processor.discard(0, 'ada', 2, before)).toMatchObject({ offset: 2 });
    expect(await processor.discard(0, 'ada', 2, before)).toBeNull();
    expect(told).toEqual([2]);
    expect(await processor.replay(0, 'ada', again, decode)).toBe(1);
    expect(await rowOf(models, 'ada')).toEqual([1, 4]);
    expect(await processor.checkpoint(0)).toMatchObject({ applied: 4, skipped: 1, parked: 0 });
  });

  it('waits its turn: replaying while a batch parks more of its key loses none', async () => {
    const processor = processorOn(models);
    await processor.process(0, poisoned.slice(0, 2), decode);
    mended = true;
    await Promise.all([
      processor.process(0, poisoned.slice(2), decode),
      processor.replay(0, 'ada', again, decode),
      processor.checkpoint(0),
    ]);
    expect(await rowOf(models, 'ada')).toEqual([1, -2, 4]);
    expect(await processor.checkpoint(0)).toMatchObject({ applied: 5, parked: 0 });
  });

  it('halts the partition when more are parked than a model may hold', async () => {
    const processor = processorOn(models);
    const many = records(...Array.from({ length: parkedMax + 1 }, (): [string, number] => ['ada', -1]));
    await processor.process(0, many.slice(0, 1), decode);
    await processor.process(0, many.slice(1, parkedMax), decode);
    await expect(processor.process(0, many.slice(parkedMax), decode)).rejects.toThrow(Halted);
    expect(await processor.checkpoint(0)).toMatchObject({ offset: parkedMax, parked: parkedMax });
  });
});

describe('other handlers', () => {
  it('a tally of events counts what its events say, and keeps no rows', async () => {
    const volume: EventTally<Fact> = {
      name: 'volume',
      version: 1,
      on: ['Visited'],
      cells: ({ key, n }) => new Map([[key, n]]),
    };
    const processor = readModelProcessor<Given, Fact>({ tally: volume }, models);
    await processor.process(0, records(['ada', 1], ['bob', 2], ['ada', -1]), decode);
    expect(
      [...(await models.cells('volume.v1', [{ from: '', to: '~' }]))].filter(([, n]) => n !== 0),
    ).toEqual([['bob', 2]]);
    expect((await models.all('volume.v1', { limit: 9 })).rows).toEqual([]);
  });

  it('a projection that overwrites its rows reads none, and counts none', async () => {
    const last: Projection<Fact, { readonly n: number }> = {
      ...{ name: 'last', version: 1, on: ['Visited'], overwrites: true },
      key: ({ key }) => key,
      apply: (_row, { n }) => ({ n }),
    };
    const read = jest.spyOn(models, 'getMany');
    const processor = readModelProcessor<Given, Fact>({ projection: last }, models);
    await processor.process(0, records(['ada', 1], ['bob', 2], ['ada', 3]), decode);
    expect(read).not.toHaveBeenCalled();
    expect(await models.get('last.v1', 'ada')).toEqual({ n: 3 });
    expect(() => readModelProcessor({ projection: last, tallies: [total] }, models)).toThrow('does not read');
  });

  it('a reaction sees a batch again when it failed, and moves its checkpoint after it', async () => {
    const heard: number[][] = [];
    const processor = reactionProcessor<Given, Fact>(
      {
        name: 'listen',
        on: ['Visited'],
        async react(facts) {
          heard.push(facts.map(({ n }) => n));
          if (heard.length === 1) throw new Error('the store did not answer');
        },
      },
      models,
    );
    const all = records(['ada', 1], ['bob', 2]);
    await expect(processor.process(0, all, decode)).rejects.toThrow('the store did not answer');
    expect(await processor.checkpoint(0)).toMatchObject({ offset: 0 });
    await processor.process(0, all, decode);
    await processor.process(0, all, decode);
    expect(heard).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });
});
