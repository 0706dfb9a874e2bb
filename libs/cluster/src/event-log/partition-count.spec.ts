import fc from 'fast-check';
import { PartitionCount, type Counted } from './partition-count.js';

interface Sent {
  readonly offset: number;
  readonly record: {
    readonly context: string;
    readonly type: string;
    readonly position: number;
    readonly previous: number;
  } | null;
}

/** The counts computed directly from everything that was sent. Positions are dense here. */
function plainly(sent: readonly Sent[], through: number): readonly Counted[] {
  const came = new Map<string, number>();
  const sums = new Map<string, Counted>();
  for (const { offset, record } of sent) {
    if (offset > through || record === null) continue;
    const { context, type } = record;
    if (record.position !== (came.get(context) ?? 0) + 1) continue;
    came.set(context, record.position);
    const name = `${context} ${type}`;
    sums.set(name, { context, type, records: (sums.get(name)?.records ?? 0) + 1 });
  }
  return [...sums.values()];
}

const sorted = (counted: readonly Counted[] | null) =>
  counted?.map(({ context, type, records }) => `${context} ${type} ${records}`).sort();

/** Reads the sent records like a follower, from wherever the count asks for. */
function read(count: PartitionCount, sent: readonly Sent[], enough: () => boolean): void {
  for (const { offset, record } of sent.filter(({ offset: at }) => at > count.readFrom)) {
    if (enough()) return;
    count.count(offset, record);
  }
}

function accountOf(count: PartitionCount, sent: readonly Sent[], through: number) {
  read(count, sent, () => count.offset >= through);
  const sums = count.through(through);
  if (sums) return sums;
  read(count, sent, () => !count.rereads);
  return count.through(through);
}

const step = fc.record({
  hole: fc.constantFrom(0, 0, 0, 0, 1, 6),
  context: fc.constantFrom('profile', 'feedback'),
  type: fc.constantFrom('Even', 'Odd'),
  /** How far a relay falls back after a crash. */
  back: fc.constantFrom(0, 0, 0, 1, 3),
  /** Records that the log has lost before this one. */
  lost: fc.constantFrom(0, 0, 0, 0, 1, 2),
  foreign: fc.constantFrom(false, false, false, true),
});

function sentOf(steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[]): readonly Sent[] {
  const lanes = new Map<string, string[]>();
  const places = new Map<string, number>();
  let offset = 0;
  return steps.map(({ hole, context, type, back, lost, foreign }) => {
    offset += 1 + hole;
    if (foreign) return { offset, record: null };
    const types = lanes.get(context) ?? [];
    lanes.set(context, types);
    const position = Math.max(1, (places.get(context) ?? 0) + 1 + lost - back);
    places.set(context, position);
    types[position] ??= type;
    return { offset, record: { context, type: types[position], position, previous: position - 1 } };
  });
}

describe('the count of a partition', () => {
  it('is that of all records up to any offset that follow one another, each once, whatever was asked before', () => {
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 80 }),
        fc.array(fc.nat(300), { maxLength: 12 }),
        (steps, asked) => {
          const sent = sentOf(steps);
          const end = sent.at(-1)!.offset;
          const count = new PartitionCount(8, 2);
          for (const through of [...asked.map((n) => n % (end + 1)), end]) {
            expect(sorted(accountOf(count, sent, through))).toEqual(sorted(plainly(sent, through)));
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('asks to read a chunk again that is no longer kept, and that chunk alone', () => {
    const count = new PartitionCount(10, 1);
    const sent = Array.from({ length: 45 }, (_, i) => ({
      offset: i + 1,
      record: { context: 'profile', type: 'Odd', position: i + 1, previous: i },
    }));
    read(count, sent, () => false);
    expect(count.through(38)).toEqual([{ context: 'profile', type: 'Odd', records: 38 }]);
    expect(count.through(14)).toBeNull();
    expect([count.rereads, count.readFrom]).toEqual([true, 10]);
    read(count, sent.slice(0, 20), () => false);
    expect([count.rereads, count.readFrom]).toEqual([false, 45]);
    expect(count.through(14)).toEqual([{ context: 'profile', type: 'Odd', records: 14 }]);
    expect(count.through(20)).toEqual([{ context: 'profile', type: 'Odd', records: 20 }]);
  });

  it('passes over what the log holds before the records that are missing, and counts it when it comes again', () => {
    const count = new PartitionCount();
    const chain = [[0, 1], [1, 2], [4, 5], [2, 3], [3, 4], [4, 5], [5, 6]] as const; // prettier-ignore
    const reaches = chain.map(([previous, position], i) => {
      count.count(i + 1, { context: 'profile', type: 'Odd', position, previous });
      return count.reach['profile'];
    });
    expect(reaches).toEqual([1, 2, 2, 3, 4, 5, 6]);
    expect(count.through(7)).toEqual([{ context: 'profile', type: 'Odd', records: 6 }]);
    expect(count.through(3)).toEqual([{ context: 'profile', type: 'Odd', records: 2 }]);
  });
});
