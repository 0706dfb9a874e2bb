import type { InteractionFact, PublishedEvent } from '@readership/contracts';
import { memoryAdapters } from '@readership/embedded';
import {
  fold,
  handle,
  readModelProcessor,
  start,
  type Adapters,
  type Delivered,
  type EventStore,
  type Job,
  type JobQueue,
  type ReadModels,
} from '@readership/kernel';
import { randomUUID } from 'node:crypto';
import { interaction } from '../interaction.decider.js';
import { publish } from '../publish.js';
import type { ReferenceEvent } from './misplaced.js';
import { OnReferenceFacts } from './on-reference-facts.js';
import { ReferenceMoves } from './reference-moves.js';
import { referenced } from './referenced.projection.js';
import { references } from './references.projection.js';

const token = 'T'.repeat(43);
const ada = '0193a1b2-0000-7000-8000-00000000000a';
const ben = '0193a1b2-0000-7000-8000-00000000000b';
const now: InteractionFact = {
  time: '2024-03-31T09:15:00.000Z',
  kind: 'loan',
  branch: 'NORTH',
  quantity: 1,
  startedBy: 'patron',
  digital: false,
};
const at = '2024-06-01T12:00:00.000Z';

let adapters: Adapters;
let store: EventStore;
let models: ReadModels;
let jobs: JobQueue;
let moves: ReferenceMoves;
let reaction: OnReferenceFacts;
let offset: number;

/** Folds facts into the rows that the reaction reads. */
async function heard(facts: readonly ReferenceEvent[]): Promise<void> {
  const records = facts.map((event): Delivered & { event: ReferenceEvent } => {
    offset++;
    return {
      event,
      offset,
      context: 'test',
      position: offset,
      key: event.key,
      type: event.type,
      recordedAt: at,
    };
  });
  for (const projection of [references, referenced]) {
    const processor = readModelProcessor<(typeof records)[number], any>({ projection }, models);
    await processor.process(0, records, ({ event }) => event);
  }
}

const told = (type: ReferenceEvent['type'], data: object, key = token): ReferenceEvent =>
  ({ type, data, key, id: randomUUID(), recordedAt: at }) as unknown as ReferenceEvent;
const linked = (reference = token) => told('CardLinked', { token: reference, personId: ada }, reference);
const recordedFact = (id: string, reference = token) =>
  told('InteractionRecorded', { interaction: id, reference, now }, reference);

async function record(id: string, holder = token, reference = token): Promise<void> {
  const command = { type: 'RecordInteraction', reference, holder, now, digest: 'd', source: 's' } as const;
  await handle(store, interaction, id, command, { commandId: randomUUID(), at, actor: 'test' });
}

/** Records `count` interactions that the reference itself holds. Resolves to their ids, sorted. */
async function recorded(count: number, reference = token): Promise<readonly string[]> {
  const ids = Array.from({ length: count }, (_, n) => `${reference[0]}${String(n).padStart(4, '0')}`);
  for (const id of ids) await record(id, reference, reference);
  return ids;
}

/** Waits until no job is left to run. */
async function noneLeft(): Promise<void> {
  for (;;) {
    // Asked together, because a step may end between two questions.
    const left = await Promise.all([jobs.count(moves.queue, 'waiting'), jobs.count(moves.queue, 'running')]);
    if (left.every((count) => count === 0)) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function jobsDone(by = moves): Promise<void> {
  const worker = await jobs.process(moves.queue, (job) => by.handle(job), { attemptsMax: 1, backoffMs: 0 });
  await noneLeft();
  await worker.stop();
}

async function holders(...ids: readonly string[]): Promise<readonly string[]> {
  const folded = await Promise.all(ids.map((id) => fold(store, interaction, id)));
  return folded.map(({ state }) => (state.status === 'unknown' ? 'unknown' : state.holder));
}

beforeEach(() => {
  adapters = memoryAdapters();
  store = adapters.eventStore('interaction-log', publish);
  models = adapters.readModels('interaction-log');
  jobs = adapters.jobQueue('interaction-log');
  moves = new ReferenceMoves(store, models, jobs);
  reaction = new OnReferenceFacts(models, moves);
  offset = start.offset;
});
afterEach(() => adapters.close());

describe('a fact about a reference', () => {
  it('moves everything that came by it and is held by somebody else', async () => {
    const ids = await recorded(500);
    const facts = [...ids.map((id) => recordedFact(id)), linked()];
    await heard(facts);
    await reaction.react(facts.slice(-1));
    expect(new Set(await holders(...ids))).toEqual(new Set([ada]));
    expect(await jobs.count(moves.queue, 'waiting')).toBe(0);
  });

  it('about more than 500 interactions moves nothing itself and leaves them to a job', async () => {
    const ids = await recorded(501);
    const facts = [...ids.map((id) => recordedFact(id)), linked()];
    await heard(facts);
    await reaction.react(facts.slice(-1));
    expect(new Set(await holders(...ids))).toEqual(new Set([token]));
    const [job] = await jobs.list(moves.queue, 'waiting', 10);
    expect(job!.data).toMatchObject({ reference: token, after: null });
    await jobsDone();
    expect(new Set(await holders(...ids))).toEqual(new Set([ada]));
  });

  it('moves an interaction whose look-up was out of date', async () => {
    await record('i1');
    await heard([linked(), recordedFact('i1')]);
    await reaction.react([recordedFact('i1')]);
    expect(await holders('i1')).toEqual([ada]);
  });

  it('taken again, with all others or alone, changes nothing', async () => {
    await record('i1');
    const facts = [recordedFact('i1'), linked()];
    await heard(facts);
    await reaction.react(facts);
    const end = await store.end(0);
    await reaction.react(facts);
    await reaction.react(facts.slice(1));
    await new OnReferenceFacts(models, new ReferenceMoves(store, models, jobs)).react(facts);
    expect(await store.end(0)).toBe(end);
  });

  it('leaves alone what belongs to whom it should, and what other keys tell', async () => {
    await record('i1', ada);
    const facts: ReferenceEvent[] = [
      linked(),
      told('Referenced', { interaction: 'i1', time: now.time, holder: ada }),
      { ...recordedFact('i1'), key: ada } as PublishedEvent<'InteractionRecorded'>,
    ];
    await heard(facts);
    const end = await store.end(0);
    await reaction.react(facts);
    expect(await store.end(0)).toBe(end);
  });

  it('is bearable when it names an interaction that is not here', async () => {
    const facts = [linked(), recordedFact('i9')];
    await heard(facts);
    await reaction.react(facts);
    expect(await holders('i9')).toEqual(['unknown']);
  });
});

describe('facts about several references', () => {
  it('move 500 interactions together, and the references beyond are left to jobs', async () => {
    const tokens = ['A', 'B', 'C'].map((letter) => letter.repeat(43));
    const facts: ReferenceEvent[] = [];
    const ids: string[] = [];
    for (const reference of tokens) {
      const own = await recorded(200, reference);
      facts.push(...own.map((id) => recordedFact(id, reference)));
      ids.push(...own);
    }
    const links = tokens.map((reference) => linked(reference));
    await heard([...facts, ...links]);
    await reaction.react(links);
    const moved = await holders(...ids);
    expect(moved.map((holder) => holder === ada)).toEqual(ids.map((_, n) => n < 400));
    await jobsDone();
    expect(new Set(await holders(...ids))).toEqual(new Set([ada]));
  });
});

describe('a job that moves what came by a reference', () => {
  const few = () => new ReferenceMoves(store, models, jobs, { movesMax: 2 });
  const next = async (): Promise<Job> => (await jobs.list(moves.queue, 'waiting', 10))[0]!;
  /** One step of a job by a worker that never reports its end. */
  const step = async (job: Job) => few().handle(job);

  it('moves a few at each step, in the order of the interactions, and enqueues the next step', async () => {
    const ids = await begun(5);
    const seen: number[] = [];
    const worker = await jobs.process(
      moves.queue,
      async (job) => {
        await few().handle(job);
        seen.push((await holders(...ids)).filter((holder) => holder === ada).length);
      },
      { attemptsMax: 1, backoffMs: 0 },
    );
    await noneLeft();
    await worker.stop();
    expect(seen).toEqual([2, 4, 5]);
  });

  it('does nothing more when a step is done again, and goes on after it', async () => {
    const ids = await begun(5);
    const first = await next();
    await step(first);
    const end = await store.end(0);
    await step(first);
    expect(await store.end(0)).toBe(end);
    expect(await jobs.count(moves.queue, 'waiting')).toBe(2);
    await jobsDone(few());
    expect(new Set(await holders(...ids))).toEqual(new Set([ada]));
    expect(await jobs.count(moves.queue, 'done')).toBe(3);
  });

  it('is the same job when the fact is taken again', async () => {
    const ids = await begun(5);
    await new OnReferenceFacts(models, few()).react([lastLink]);
    expect(await jobs.count(moves.queue, 'waiting')).toBe(1);
    await jobsDone(few());
    await new OnReferenceFacts(models, few()).react([lastLink]);
    expect(await jobs.count(moves.queue, 'waiting')).toBe(0);
    expect(new Set(await holders(...ids))).toEqual(new Set([ada]));
  });

  it('judges by what its reference is told meanwhile, and the job of the later fact comes after it', async () => {
    const ids = await begun(5);
    await step(await next());
    const merged = {
      ...told('PersonRedirected', { reference: token, from: ada, to: ben, version: 1 }),
      recordedAt: '2024-06-01T12:00:00.001Z',
    };
    await heard([merged]);
    await new OnReferenceFacts(models, few()).react([merged]);
    const order: string[] = [];
    const worker = await jobs.process(
      moves.queue,
      async (job) => {
        order.push((job.data as { cause: { id: string } }).cause.id);
        await few().handle(job);
      },
      { attemptsMax: 1, backoffMs: 0 },
    );
    await noneLeft();
    await worker.stop();
    expect(order).toEqual([...Array(3).fill(lastLink.id), ...Array(3).fill(merged.id)]);
    expect(new Set(await holders(...ids))).toEqual(new Set([ben]));
  });

  let lastLink: ReferenceEvent;

  /** Interactions of a card that was linked afterwards, which is left to a job. */
  async function begun(count: number): Promise<readonly string[]> {
    const ids = await recorded(count);
    lastLink = linked();
    const facts = [...ids.map((id) => recordedFact(id)), lastLink];
    await heard(facts);
    await new OnReferenceFacts(models, few()).react([lastLink]);
    return ids;
  }
});
