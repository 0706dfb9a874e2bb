import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Appended } from '../ports/event-store.js';
import { partitionOf } from '../partition.js';
import { type Maker } from './contract.js';
import {
  metaOf,
  noted,
  partitionsOf,
  whispered,
  wholePartition,
  wholeStream,
  type EventStoreFixture,
  type NoteBody,
} from './notes.fixture.js';

/** Which histories a model test tries. A failure prints the seed and the path that repeat it. */
export interface Tries {
  readonly runs: number;
  readonly seed?: number;
  readonly path?: string;
}

export function parameters({ runs, seed, path }: Tries): fc.Parameters<unknown> {
  return { numRuns: runs, ...(seed === undefined ? {} : { seed }), ...(path === undefined ? {} : { path }) };
}

interface Write {
  readonly stream: number;
  /** Added to the version the model knows: 0 is correct, anything else is a conflict or a repetition. */
  readonly off: number;
  readonly keys: readonly number[];
  /** Repeats an earlier command, counted back from the last. */
  readonly repeats: number | null;
}

type Step =
  | { readonly do: 'append'; readonly write: Write }
  | { readonly do: 'appendEach'; readonly writes: readonly Write[] }
  | { readonly do: 'reopen' }
  | { readonly do: 'page'; readonly limit: number };

const write: fc.Arbitrary<Write> = fc.record({
  stream: fc.nat(3),
  off: fc.oneof(
    { weight: 6, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: -3, max: 2 }) },
  ),
  keys: fc.array(fc.nat(5), { minLength: 1, maxLength: 4 }),
  repeats: fc.option(fc.nat(4), { freq: 4, nil: null }),
});

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: write.map((one): Step => ({ do: 'append', write: one })) },
    {
      weight: 3,
      arbitrary: fc.array(write, { maxLength: 5 }).map((writes): Step => ({ do: 'appendEach', writes })),
    },
    { weight: 1, arbitrary: fc.constant<Step>({ do: 'reopen' }) },
    { weight: 2, arbitrary: fc.integer({ min: 1, max: 6 }).map((limit): Step => ({ do: 'page', limit })) },
  ),
  { maxLength: 25 },
);

interface Command {
  readonly stream: string;
  readonly expectedVersion: number;
  readonly keys: readonly number[];
  readonly id: number;
}

/** The simplest model of what the store must hold. */
class PlainStore {
  readonly commits: { command: Command; version: number; answer?: Appended }[] = [];

  version(stream: string): number {
    return this.commits.filter(({ command }) => command.stream === stream).at(-1)?.version ?? 0;
  }

  find(command: Command) {
    return this.commits.find(
      (each) =>
        each.command.stream === command.stream &&
        each.command.expectedVersion === command.expectedVersion &&
        each.command.id === command.id,
    );
  }

  append(command: Command): 'new' | 'repeated' | 'conflict' {
    if (this.find(command)) return 'repeated';
    if (this.version(command.stream) !== command.expectedVersion) return 'conflict';
    this.commits.push({ command, version: command.expectedVersion + command.keys.length });
    return 'new';
  }

  /** Keys of all events, in the order of their commits. */
  keys(of: (command: Command, key: string) => boolean): string[] {
    return this.commits.flatMap(({ command }) =>
      command.keys.map((key) => `key-${key}`).filter((key) => of(command, key)),
    );
  }
}

function eventsOf({ id, keys }: Command) {
  return keys.map((key, i) => (i % 3 === 2 ? whispered : noted)(id, { key: `key-${key}` }));
}

/** Compares a store with a list of commits over random histories. */
export async function eventStoreModel(make: Maker<EventStoreFixture>, tries: Tries): Promise<void> {
  const property = fc.asyncProperty(steps, async (history) => {
    const fixture = await make();
    const plain = new PlainStore();
    const given: Command[] = [];
    /** How far a reader that pages through the partition has read. */
    const read = partitionsOf(fixture).map(() => ({ after: 0, keys: [] as string[] }));

    const commandOf = ({ stream, off, keys, repeats }: Write): Command => {
      const earlier = repeats === null ? undefined : given.at(-1 - repeats);
      if (earlier) return earlier;
      const name = `note-${stream}`;
      const expectedVersion = Math.max(0, plain.version(name) + off);
      const command = { stream: name, expectedVersion, keys, id: given.length };
      given.push(command);
      return command;
    };
    const judge = (command: Command, answer: Appended) => {
      const expected = plain.append(command);
      if (expected === 'conflict') return assert.deepEqual(answer, { outcome: 'conflict' });
      const commit = plain.find(command)!;
      assert.ok(answer.outcome === 'appended', `${expected}, but ${answer.outcome}`);
      assert.equal(answer.version, commit.version);
      if (expected === 'new') commit.answer = answer;
      return assert.deepEqual(answer, commit.answer);
    };
    const follow = async (limit: number) => {
      for (const [partition, reader] of read.entries()) {
        const page = await fixture.port.readPage(partition, reader.after, limit);
        assert.ok(page.length <= limit);
        reader.keys.push(...page.map(({ key }) => key));
        reader.after = page.at(-1)?.position ?? reader.after;
        const all = plain.keys((_, key) => partitionOf(key, fixture.partitions) === partition);
        assert.deepEqual(reader.keys, all.slice(0, reader.keys.length));
        assert.ok(page.length > 0 || reader.keys.length === all.length, 'it reads on until the end');
      }
    };

    try {
      for (const step of history) {
        switch (step.do) {
          case 'append': {
            const command = commandOf(step.write);
            const { stream, expectedVersion, id } = command;
            judge(command, await fixture.port.append(stream, expectedVersion, eventsOf(command), metaOf(id)));
            break;
          }
          case 'appendEach': {
            const commands = step.writes.map(commandOf);
            const answers = await fixture.port.appendEach(
              commands.map((command) => ({
                ...command,
                events: eventsOf(command),
                meta: metaOf(command.id),
              })),
            );
            assert.equal(answers.length, commands.length);
            commands.forEach((command, i) => judge(command, answers[i]!));
            break;
          }
          case 'reopen':
            await fixture.reopen();
            break;
          case 'page':
            await follow(step.limit);
            break;
        }
      }
      for (const stream of [0, 1, 2, 3].map((n) => `note-${n}`)) {
        const events = await wholeStream(fixture.port, stream);
        assert.deepEqual(
          events.map(({ key }) => key),
          plain.keys((command) => command.stream === stream),
        );
        assert.deepEqual(
          events.map(({ version }) => version),
          events.map((_, i) => i + 1),
        );
        assert.ok(events.every(({ data, key }) => (data as NoteBody).key === key));
      }
      for (const partition of partitionsOf(fixture)) {
        const events = await wholePartition(fixture.port, partition, 3);
        assert.deepEqual(
          events.map(({ key }) => key),
          plain.keys((_, key) => partitionOf(key, fixture.partitions) === partition),
        );
        assert.equal((await fixture.port.account(partition)).recorded, events.length);
      }
    } finally {
      await fixture.close();
    }
  });
  await fc.assert(property, parameters(tries) as fc.Parameters<[Step[]]>);
}
