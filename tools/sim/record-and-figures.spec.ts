import {
  people,
  peopleCounts,
  readerActivity,
  type ReaderActivity,
  type ReaderFact,
} from '@readership/analytics';
import { closureReasons, defaultPolicy, interactionKinds } from '@readership/contracts';
import { Refusal } from '@readership/kernel';
import { patron, publish, recordOf, type PatronCommand, type PatronEvent } from '@readership/patron-profile';
import fc from 'fast-check';

/**
 * One rule of homes and openness (METRICS, "People") for a patron's record and for every figure: random histories of one
 * patron, sent in any order, against a few lines that know nothing of either.
 */
const id = '018f0000-0000-7000-8000-000000000001';
const today = '2024-12-15';
const branches = ['EAST', 'NORTH', 'SOUTH'] as const;
const activity = readerActivity(defaultPolicy, 'UTC');

/** A few days, so that many fall on the same one, at the ends of months, and ahead of today. */
const day = fc.constantFrom(
  ...['2023-03-31', '2023-04-01', '2023-04-30', '2023-05-01', '2023-05-10', '2023-12-31', '2024-01-01'],
  ...[
    '2024-02-29',
    '2024-06-15',
    '2024-06-16',
    '2024-11-30',
    '2024-12-01',
    '2024-12-15',
    '2024-12-16',
    '2025-02-01',
  ],
);
const home = fc.constantFrom(...branches);
const asked: fc.Arbitrary<PatronCommand> = fc.oneof(
  fc.record({
    type: fc.constant('MovePatron' as const),
    homeBranch: home,
    since: day,
    today: fc.constant(today),
  }),
  fc.record({
    type: fc.constant('ClosePatron' as const),
    reason: fc.constantFrom(...closureReasons),
    on: day,
    today: fc.constant(today),
  }),
  fc.record({ type: fc.constant('ReopenPatron' as const), on: day, today: fc.constant(today) }),
);
interface Use {
  readonly on: string;
  readonly kind: (typeof interactionKinds)[number];
  readonly startedBy: 'patron' | 'library';
}
const use: fc.Arbitrary<Use> = fc.record({
  on: day.filter((each) => each <= today),
  kind: fc.constantFrom(...interactionKinds),
  startedBy: fc.constantFrom('patron', 'library'),
});
interface Registered {
  readonly homeBranch: string;
  readonly enrolledOn?: string;
}
const registration: fc.Arbitrary<Registered> = fc.record(
  { homeBranch: home, enrolledOn: day.filter((each) => each <= today) },
  { requiredKeys: ['homeBranch'] },
);
const history = fc.record({
  registered: registration,
  commands: fc.array(asked, { maxLength: 8 }),
  uses: fc.array(use, { maxLength: 4 }),
});

/** A stated value from a day on; facts are in the order in which they were recorded. */
type Stated = readonly (readonly [since: string, value: string])[];

/** The rule: the latest day not after `on`; of two with the same day, the one recorded last. */
function held(facts: Stated, on: string): string | undefined {
  const [day] = facts
    .map(([since]) => since)
    .filter((since) => since <= on)
    .sort()
    .reverse();
  return facts.filter(([since]) => since === day).at(-1)?.[1];
}

function homesOf(recorded: readonly PatronEvent[]): Stated {
  return recorded.flatMap((event): [string, string][] => {
    if (event.type === 'PatronRegistered') return [['', event.data.homeBranch]];
    return event.type === 'PatronMoved' ? [[event.data.since, event.data.homeBranch]] : [];
  });
}

function closuresOf(recorded: readonly PatronEvent[]): Stated {
  return recorded.flatMap((event): [string, string][] => {
    if (event.type === 'PatronClosed') return [[event.data.on, event.data.reason]];
    return event.type === 'PatronReopened' ? [[event.data.on, 'open']] : [];
  });
}

const isOpen = (recorded: readonly PatronEvent[], on: string) =>
  (held(closuresOf(recorded), on) ?? 'open') === 'open';

/** What is recorded of a history, each command after those before it, and the code of each refusal. */
function sent(registered: Registered, commands: readonly PatronCommand[]) {
  const { homeBranch, enrolledOn } = registered;
  const data = { homeBranch, ...(enrolledOn === undefined ? {} : { enrolledOn }) };
  const recorded: PatronEvent[] = [
    { type: 'PatronRegistered', data, personal: null } as unknown as PatronEvent,
  ];
  const answers = commands.map((command) => {
    const before = [...recorded];
    try {
      recorded.push(...patron.decide(command, recorded.reduce(patron.evolve, patron.initial)));
      return { command, before, code: null };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { command, before, code: error.code };
    }
  });
  return { recorded, answers };
}

/** The reader's row after the published facts of the patron, with the uses anywhere among them. */
function rowOf(recorded: readonly PatronEvent[], uses: readonly Use[]): ReaderActivity | null {
  const ofPatron = recorded.map((event) => {
    const { key, fact } = publish(event, `patron-${id}`);
    return { ...fact, key, stream: `patron-${id}` };
  });
  const ofUse = uses.map(({ on, kind, startedBy }, n) => ({
    type: 'InteractionRecorded',
    key: id,
    stream: `interaction-${n}`,
    data: {
      interaction: String(n),
      reference: id,
      now: { time: `${on}T12:00:00.000Z`, kind, branch: 'EAST', quantity: 1, startedBy, digital: false },
    },
  }));
  const facts = [...ofPatron];
  ofUse.forEach((fact, n) => facts.splice((n * 7) % (facts.length + 1), 0, fact as never));
  return (facts as unknown as ReaderFact[]).reduce<ReaderActivity | null>(activity.apply, null);
}

function readerOf(row: ReaderActivity | null) {
  const cells = row === null ? new Map<string, number>() : people(defaultPolicy).cells(row);
  return peopleCounts(
    (_model, prefix) =>
      new Map(
        [...cells].flatMap(([name, n]) =>
          name.startsWith(`${prefix}|`) ? [[name.slice(prefix.length + 1), n]] : [],
        ),
      ),
    'any',
  );
}

const months = Array.from({ length: 48 }, (_, n) => new Date(Date.UTC(2023, n)).toISOString().slice(0, 7));
/** The month `n` before a month. */
const before = (month: string, n: number) => {
  const [year, of] = month.split('-').map(Number) as [number, number];
  return new Date(Date.UTC(year, of - 1 - n)).toISOString().slice(0, 7);
};
const end = (month: string) => `${month}-31`;

describe('the record and the figures of one patron', () => {
  it('take a fact about the past by its own day, whatever was recorded before it', () => {
    fc.assert(
      fc.property(history, ({ registered, commands }) => {
        for (const { command, before, code } of sent(registered, commands).answers) {
          if (
            command.type !== 'MovePatron' &&
            command.type !== 'ClosePatron' &&
            command.type !== 'ReopenPatron'
          )
            continue;
          const on = command.type === 'MovePatron' ? command.since : command.on;
          const refused = {
            MovePatron: isOpen(before, on) ? null : 'PATRON_CLOSED',
            ClosePatron: null,
            ReopenPatron: isOpen(before, on) ? 'PATRON_OPEN' : null,
          }[command.type];
          // What is so already is no fact, and no refusal either.
          const already =
            command.type === 'MovePatron'
              ? homesOf(before).some(([since]) => since === on) &&
                held(homesOf(before), on) === command.homeBranch
              : command.type === 'ReopenPatron' &&
                closuresOf(before).some(([since]) => since === on) &&
                isOpen(before, on);
          expect(code).toBe(on > today ? 'FUTURE_DATE' : already ? null : refused);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('follow one rule: the record of today, and every month of the figures', async () => {
    await fc.assert(
      fc.asyncProperty(history, async ({ registered, commands, uses }) => {
        const { recorded } = sent(registered, commands);
        const homeAt = (on: string) => held(homesOf(recorded), on)!;
        const state = recorded.reduce(patron.evolve, patron.initial);
        const record = recordOf(id, state, recorded.length)!;
        expect(record.homeBranch).toBe(homeAt(today));
        expect(record.status).toBe(isOpen(recorded, today) ? 'open' : 'closed');
        expect(record.closure?.reason ?? 'open').toBe(held(closuresOf(recorded), today) ?? 'open');

        const counted = uses.filter(
          ({ kind, startedBy }) => startedBy === 'patron' && kind !== 'return' && kind !== 'payment',
        );
        const used = counted.map(({ on }) => on.slice(0, 7));
        const [first] = [
          ...used,
          ...(registered.enrolledOn ? [registered.enrolledOn.slice(0, 7)] : []),
        ].sort();
        const anchors = [...used, ...(first === undefined ? [] : [first])];
        const within = (of: readonly string[], month: string) =>
          of.some((anchor) => anchor > before(month, 12) && anchor <= month);
        const reader = readerOf(rowOf(recorded, uses));
        for (const branch of branches) {
          const at = (month: string, counts: boolean) => (counts && homeAt(end(month)) === branch ? 1 : 0);
          expect(await reader.stock('current', [branch], months)).toEqual(
            months.map((month) => at(month, within(anchors, month) && isOpen(recorded, end(month)))),
          );
          expect(await reader.stock('active', [branch], months)).toEqual(
            months.map((month) => at(month, within(used, month))),
          );
          // The record of today is where the running month counts the reader.
          const [current] = await reader.stock('current', [branch], [today.slice(0, 7)]);
          const here = record.status === 'open' && record.homeBranch === branch;
          expect(current).toBe(here && within(anchors, today.slice(0, 7)) ? 1 : 0);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('are the same in whatever order facts of different days were recorded', async () => {
    const ordered = fc
      .tuple(history, fc.infiniteStream(fc.nat()))
      .map(([{ registered, commands, uses }, picks]) => {
        const [first, ...rest] = sent(registered, commands).recorded;
        const distinct = [...new Map(rest.map((event) => [JSON.stringify(dayOf(event)), event])).values()];
        const left = [...distinct];
        const shuffled: PatronEvent[] = [];
        for (const pick of picks) {
          if (left.length === 0) break;
          shuffled.push(...left.splice(pick % left.length, 1));
        }
        return { uses, one: [first!, ...distinct], other: [first!, ...shuffled] };
      });
    await fc.assert(
      fc.asyncProperty(ordered, async ({ uses, one, other }) => {
        const record = (events: readonly PatronEvent[]) =>
          recordOf(id, events.reduce(patron.evolve, patron.initial), 1);
        expect(record(other)).toEqual(record(one));
        expect(rowOf(other, uses)).toEqual(rowOf(one, uses));
      }),
      { numRuns: 500 },
    );
  });
});

/** The kind and day of a fact: two that share both are decided by their order. */
function dayOf(event: PatronEvent): readonly string[] {
  if (event.type === 'PatronMoved') return ['home', event.data.since];
  if (event.type === 'PatronClosed' || event.type === 'PatronReopened') return ['membership', event.data.on];
  throw new Error(`a history has no ${event.type}`);
}
