import { memoryAdapters } from '@readership/embedded';
import {
  readModelProcessor,
  WakeUp,
  type Adapters,
  type Delivered,
  type Processor,
  type ReadModels,
} from '@readership/kernel';
import { around } from '@readership/kernel/testing';
import { AppliedWait, positionToken } from './positions.js';

const model = 'seen.v1';
type Fact = Pick<Delivered, 'key' | 'type'>;
const processorOn = (models: ReadModels): Processor<Delivered, Fact> =>
  readModelProcessor(
    { projection: { name: 'seen', version: 1, on: ['Seen'], key: ({ key }) => key, apply: () => ({}) } },
    models,
  );
const decode = ({ key, type }: Delivered): Fact => ({ key, type });
/** The records at these positions, which are their offsets too. */
const records = (from: number, to: number): Delivered[] =>
  Array.from({ length: to - from + 1 }, (_, i) => ({
    offset: from + i,
    context: 'feedback',
    position: from + i,
    key: 'ada',
    type: 'Seen',
    recordedAt: '2026-03-01T10:00:00.000Z',
  }));
const at = (position: number): string =>
  positionToken('feedback', { 0: { taken: position, published: position } });
const published = { published: [model] };

let adapters: Adapters;
let models: ReadModels;
let processor: Processor<Delivered, Fact>;
let moved: WakeUp;
let wait: AppliedWait;
/** Number of times that the wait read a checkpoint from the store. */
let looks: number;
beforeEach(() => {
  adapters = memoryAdapters({});
  models = adapters.readModels('feedback');
  processor = processorOn(models);
  moved = new WakeUp();
  processor.watchedBy(moved);
  looks = 0;
  wait = waitOf(processor);
});
afterEach(() => adapters.close());

function waitOf(worker: Processor<Delivered, Fact> | null): AppliedWait {
  const counted = around<ReadModels>(models, {
    checkpoint: (...args) => {
      looks++;
      return models.checkpoint(...args);
    },
  });
  return new AppliedWait('feedback', counted, {
    known: (_, partition) => worker?.known(partition) ?? null,
    moved,
  });
}

/** Resolves to `waiting` when the promise is not settled within some turns of the event loop. */
async function stateOf(promise: Promise<unknown>): Promise<'waiting' | 'ended'> {
  const ended = promise.then(() => 'ended' as const);
  const turns = async (): Promise<'waiting'> => {
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    return 'waiting';
  };
  return Promise.race([ended, turns()]);
}

describe('a wait for a write', () => {
  it('ends with the commit of a processor of this process, and asks the store nothing', async () => {
    await processor.process(0, records(1, 1), decode);
    const waits = [wait.until({ after: at(2) }, published), wait.until({ after: at(3) }, published)];
    expect(await Promise.all(waits.map(stateOf))).toEqual(['waiting', 'waiting']);
    await processor.process(0, records(2, 2), decode);
    expect(await Promise.all(waits.map(stateOf))).toEqual(['ended', 'waiting']);
    await processor.process(0, records(3, 3), decode);
    expect(await Promise.all(waits.map(stateOf))).toEqual(['ended', 'ended']);
    await wait.until({ after: at(3) }, published);
    expect([looks, moved.waiters]).toEqual([0, 0]);
  });

  it('waits for what publishes nothing in no model over published facts', async () => {
    const token = positionToken('feedback', { 0: { taken: 9, published: 0 } });
    await wait.until({ after: token }, published);
    expect(looks).toBe(0);
  });

  it('is over after five seconds: the store is asked once, or seldom where nobody here works', async () => {
    await processor.process(0, records(1, 1), decode);
    const refusal = { code: 'NOT_YET_APPLIED' };
    await expect(wait.until({ after: at(2) }, published)).rejects.toMatchObject(refusal);
    expect(looks).toBe(1);
    looks = 0;
    await expect(waitOf(null).until({ after: at(2) }, published)).rejects.toMatchObject(refusal);
    // Every 10 ms it would be 500.
    expect(looks).toBeGreaterThan(3);
    expect(looks).toBeLessThan(20);
    expect(moved.waiters).toBe(0);
  });

  it('ends with what another process committed, where nobody here works', async () => {
    const waiting = waitOf(null).until({ after: at(2) }, published);
    expect(await stateOf(waiting)).toBe('waiting');
    await processorOn(models).process(0, records(1, 2), decode);
    await waiting;
    expect(moved.waiters).toBe(0);
  });

  it.each([
    ['lost the partition', () => processor.release(0)],
    [
      'found that another has committed',
      () => expect(processor.process(0, records(2, 2), decode)).rejects.toThrow('no longer at revision'),
    ],
  ])('asks the store once the processor here %s', async (_, lose) => {
    await processor.process(0, records(1, 1), decode);
    const waiting = wait.until({ after: at(2) }, published);
    await processorOn(models).process(0, records(1, 2), decode);
    expect([await stateOf(waiting), looks]).toEqual(['waiting', 0]);
    await lose();
    await waiting;
    expect([looks, moved.waiters]).toEqual([1, 0]);
  });

  it('does not refuse what the store holds, even if the processor here does not know it', async () => {
    await processor.process(0, records(1, 1), decode);
    await processorOn(models).process(0, records(1, 2), decode);
    await wait.until({ after: at(2) }, published);
    expect(looks).toBe(1);
  });

  it('lasts a second at most for the own last write, and refuses nothing', async () => {
    await processor.process(0, records(1, 1), decode);
    const waits = [wait.until({ ownWrite: at(2) }, published), wait.until({ ownWrite: at(9) }, published)];
    expect(await Promise.all(waits.map(stateOf))).toEqual(['waiting', 'waiting']);
    await processor.process(0, records(2, 2), decode);
    expect(await Promise.all(waits.map(stateOf))).toEqual(['ended', 'waiting']);
    await waits[1];
    expect(moved.waiters).toBe(0);
  });

  it('is for what the request demands, if it demands something', async () => {
    await processor.process(0, records(1, 1), decode);
    await wait.until({ after: at(1), ownWrite: at(9) }, published);
    expect([looks, moved.waiters]).toEqual([0, 0]);
  });
});
