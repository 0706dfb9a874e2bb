import fc from 'fast-check';
import {
  logConsumer,
  ProcessorGroup,
  readModelProcessor,
  type EventTally,
  type Keyed,
  type LogRecord,
  type ReadModels,
} from '@readership/kernel';
import { memoryAdapters } from './index.js';

type Fact = Keyed & { readonly context: string; readonly position: number };

const taken: EventTally<Fact> = {
  name: 'taken',
  version: 1,
  on: ['Noted'],
  cells: ({ context, position }) => new Map([[`${context} ${position}`, 1]]),
};
const decode = ({ context, position, key }: LogRecord): Fact => ({ type: 'Noted', key, context, position });

/** A record in a chain of records. Its time distinguishes it from every other. */
type Sent = Pick<LogRecord, 'context' | 'position' | 'previous'>;

/** One partition of a log that may be cut and may grow. */
class Topic {
  records: LogRecord[] = [];

  add(...sent: readonly Sent[]): void {
    for (const { context, position, previous } of sent) {
      this.records.push({
        partition: 0,
        offset: this.records.length + 1,
        context,
        position,
        previous,
        key: 'k',
        type: 'Noted',
        schema: 1,
        stream: 's',
        id: `${context} ${position}`,
        time: '2026-03-01T10:00:00.000Z',
        recordedAt: `${context} ${position}`,
        actor: 'spec',
        body: '{}',
      });
    }
  }

  reach = async (): Promise<Record<string, number>> => {
    const reach: Record<string, number> = {};
    for (const { context, position, previous } of this.records)
      if (previous === (reach[context] ?? 0)) reach[context] = position;
    return reach;
  };
  ends = async (): Promise<readonly number[]> => [this.records.length];
}

/** Consumes the topic like a group, until its end or a halt. Resolves to the name of the error that halts it, or `null`. */
async function follow(topic: Topic, models: ReadModels, window: number): Promise<string | null> {
  const group = new ProcessorGroup([readModelProcessor<LogRecord, Fact>({ tally: taken }, models)], decode);
  const consumer = logConsumer('g', window, group, topic);
  for (let turn = 0; ; turn++) {
    expect(turn).toBeLessThan(50);
    let offset = await consumer.start(0);
    if (offset > topic.records.length) {
      if (!(await consumer.cut!(0))) return 'LogCut';
      offset = await consumer.start(0);
    }
    try {
      for (; offset < topic.records.length; offset += window) {
        await consumer.take(0, topic.records.slice(offset, offset + window));
      }
      return null;
    } catch (error) {
      if ((error as Error).name !== 'Stale') return (error as Error).name;
    }
  }
}

const contexts = ['profile', 'interaction', 'feedback'];
const lane = (context: string, from: number, to: number): readonly Sent[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, i) => {
    const position = from + 1 + i;
    return { context, position, previous: position - 1 };
  });

/** The lanes as several relays publish them: each in order, mixed in any way. */
function mixed(lanes: readonly (readonly Sent[])[], choices: readonly number[]): readonly Sent[] {
  const left = lanes.map((sent) => [...sent]);
  const all: Sent[] = [];
  for (let i = 0; ; i++) {
    const open = left.filter((sent) => sent.length > 0);
    if (open.length === 0) return all;
    all.push(open[(choices[i % choices.length] ?? 0) % open.length]!.shift()!);
  }
}

async function counted(models: ReadModels): Promise<object> {
  return Object.fromEntries(
    [...(await models.cells('taken.v1', [{ from: '', to: '~' }]))].filter(([, n]) => n !== 0),
  );
}

async function withModels(run: (models: ReadModels) => Promise<void>): Promise<void> {
  const adapters = memoryAdapters({ partitions: 1 });
  try {
    await run(adapters.readModels('analytics'));
  } finally {
    await adapters.close();
  }
}

describe('a log that has lost records', () => {
  it('halts its consumer until they are published again, which then takes each once', () =>
    withModels(async (models) => {
      const topic = new Topic();
      topic.add(...lane('profile', 0, 3), ...lane('profile', 5, 7), ...lane('feedback', 0, 2));
      expect(await follow(topic, models, 2)).toBe('Gap');
      expect((await models.checkpoint('taken.v1', 0)).lanes).toEqual({ profile: 2 });
      topic.add(...lane('profile', 3, 8));
      expect(await follow(topic, models, 2)).toBeNull();
      expect(await models.checkpoint('taken.v1', 0)).toMatchObject({
        offset: topic.records.length,
        lanes: { profile: 8, feedback: 2 },
        applied: 10,
      });
      expect(new Set(Object.values(await counted(models)))).toEqual(new Set([1]));
    }));

  it('halts its consumer for good when other facts were recorded at positions that it has taken', () =>
    withModels(async (models) => {
      const topic = new Topic();
      topic.add(...lane('profile', 0, 5));
      expect(await follow(topic, models, 9)).toBeNull();
      topic.records.length = 3;
      topic.add(
        { context: 'profile', position: 4, previous: 3 },
        { context: 'profile', position: 9, previous: 4 },
      );
      expect(await follow(topic, models, 9)).toBe('Gap');
    }));

  it('is taken whole by a consumer that had come anywhere, once it was cut anywhere and published again in any order', async () => {
    const numbers = fc.array(fc.nat(2), { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          lengths: fc.tuple(fc.nat(12), fc.nat(12), fc.nat(12)),
          before: numbers,
          after: numbers,
          come: fc.nat(40),
          cut: fc.nat(40),
          live: fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3)),
          window: fc.integer({ min: 1, max: 7 }),
          looks: fc.boolean(),
        }),
        ({ lengths, before, after, come, cut, live, window, looks }) =>
          withModels(async (models) => {
            const topic = new Topic();
            topic.add(...mixed(contexts.map((context, i) => lane(context, 0, lengths[i]!)), before)); // prettier-ignore
            const whole = topic.records;
            topic.records = whole.slice(0, come);
            expect(await follow(topic, models, window)).toBeNull();
            topic.records = whole.slice(0, cut);
            const reach = await topic.reach();
            // The relays go on before anybody notices the loss; then they are moved back.
            const ahead = contexts.map((context, i) => lane(context, lengths[i]!, lengths[i]! + live[i]!));
            topic.add(...mixed(ahead, after));
            if (looks) await follow(topic, models, window);
            const next = (i: number): number => lengths[i]! + live[i]! + 1;
            topic.add(...mixed(contexts.map((context, i) => lane(context, reach[context] ?? 0, next(i))), after)); // prettier-ignore
            expect(await follow(topic, models, window)).toBeNull();
            // Where the record at the checkpoint is the same by chance, the next fact shows what is missing before it.
            topic.add(...contexts.flatMap((context, i) => lane(context, next(i), next(i) + 1)));
            expect(await follow(topic, models, window)).toBeNull();
            const all = contexts.flatMap((context, i) =>
              lane(context, 0, next(i) + 1).map(({ position }) => [`${context} ${position}`, 1]),
            );
            expect(await counted(models)).toEqual(Object.fromEntries(all));
            expect(await models.checkpoint('taken.v1', 0)).toMatchObject({ applied: all.length, skipped: 0 });
          }),
      ),
      { numRuns: 300 },
    );
  });
});
