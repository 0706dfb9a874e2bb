import { interactionKinds, type ActivityPolicy, type InteractionFact } from '@readership/contracts';
import type { ReaderFact } from '../src/readership/reader-activity.projection.js';

export const branchesByLibrary: Record<string, readonly string[]> = {
  north: ['A', 'A-B'],
  south: ['B', 'Z9'],
};
export const branches = Object.values(branchesByLibrary).flat();
const zones = [
  'UTC',
  'Europe/Berlin',
  'America/St_Johns',
  'Asia/Kolkata',
  'Pacific/Auckland',
  'America/Lima',
];
const reasons = ['moved', 'deceased', 'asked-to-leave', 'not-renewed', 'other'] as const;

export function chance(seed: number) {
  let state = seed * 2_654_435_769;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n: number) => Math.floor(next() * n);
  return {
    below,
    may: (probability: number) => next() < probability,
    pick: <T>(from: readonly T[]): T => from[below(from.length)]!,
  };
}
export type Chance = ReturnType<typeof chance>;

type Told = Pick<ReaderFact, 'type' | 'data' | 'key' | 'stream'>;

export interface History {
  readonly policy: ActivityPolicy;
  readonly zone: string;
  readonly streams: readonly (readonly ReaderFact[])[];
}

export function randomHistory(by: Chance): History {
  const qualifying = interactionKinds.filter(() => by.may(0.7));
  const policy: ActivityPolicy = {
    qualifying: qualifying.length > 0 ? qualifying : ['loan'],
    windowMonths: by.pick([6, 12, 24, 36] as const),
    digital: by.may(0.6),
  };
  const span = 20 + by.below(1200);
  const begin = Date.UTC(2018, by.below(12), 1 + by.below(28));
  const at = () => {
    const day = begin + by.below(span) * 86_400_000;
    if (by.may(0.7)) return new Date(day + by.below(86_400_000)).toISOString();
    // Close to midnight at the turn of a month, in some time zone.
    const month = new Date(day).toISOString().slice(0, 7);
    return new Date(
      Date.parse(`${month}-01T00:00:00.000Z`) + (by.below(57) - 28) * 1_800_000 - by.below(2),
    ).toISOString();
  };
  const fewDays = Array.from({ length: 5 }, () => at().slice(0, 10));
  const day = () => (by.may(0.5) ? by.pick(fewDays) : at().slice(0, 10));
  const somebody = Array.from({ length: 1 + by.below(4) }, (_, n) => `person-${n}`);
  const cards = somebody.map((_, n) => `card-${n}`);
  const streams: Told[][] = [];

  for (const person of somebody) {
    if (by.may(0.12)) continue;
    const told: Told[] = [];
    const tell = (type: ReaderFact['type'], data: object) =>
      told.push({
        type,
        key: person,
        stream: `patron-${person}`,
        data: { personId: person, ...data },
      } as Told);
    tell('PatronRegistered', {
      homeBranch: by.pick(branches),
      ...(by.may(0.75) ? { enrolledOn: day() } : {}),
    });
    for (let n = by.below(6); n > 0; n--) {
      const what = by.below(3);
      if (what === 0) tell('PatronMoved', { homeBranch: by.pick(branches), since: day() });
      if (what === 1) tell('PatronClosed', { reason: by.pick(reasons), on: day() });
      if (what === 2) tell('PatronReopened', { on: day() });
    }
    streams.push(told);
  }

  const said = (): InteractionFact => ({
    time: at(),
    kind: by.may(0.6) ? by.pick(policy.qualifying) : by.pick(interactionKinds),
    branch: by.pick(branches),
    quantity: 1 + by.below(3),
    startedBy: by.may(0.7) ? 'patron' : 'library',
    digital: by.may(0.3),
  });
  for (let n = by.below(12 * somebody.length); n > 0; n--) {
    const interaction = `i${n}`;
    const stream = `interaction-${interaction}`;
    const told: Told[] = [];
    let holder = by.may(0.05) ? stream : by.pick(by.may(0.6) ? somebody : cards);
    let now: InteractionFact | null = said();
    let last: InteractionFact = now;
    const tell = (type: ReaderFact['type'], key: string, data: object) =>
      told.push({ type, key, stream, data: { interaction, ...data } } as Told);
    tell('InteractionRecorded', holder, { reference: holder === stream ? null : holder, now });
    while (by.may(0.45)) {
      if (by.may(0.5) && holder !== stream) {
        tell('ReattributedAway', holder, { was: now });
        holder = by.pick(by.may(0.8) ? somebody : cards);
        tell('Adopted', holder, { reference: holder, now });
      } else if (now && by.may(0.6)) {
        const was: InteractionFact = now;
        now = by.may(0.5) ? { ...said(), time: was.time } : said();
        tell('InteractionCorrected', holder, { was, now });
      } else if (now) {
        tell('InteractionWithdrawn', holder, { was: now });
        last = now;
        now = null;
      } else if (by.may(0.5)) {
        now = last;
        tell('InteractionRestored', holder, { now });
      }
    }
    streams.push(told);
  }
  return { policy, zone: by.pick(zones), streams: streams as unknown as ReaderFact[][] };
}

export function interleaved(streams: History['streams'], by: Chance): ReaderFact[] {
  const waiting = streams.map((stream) => [...stream]);
  const order: ReaderFact[] = [];
  while (waiting.length > 0) {
    const at = by.below(waiting.length);
    for (let n = 1 + by.below(3); n > 0 && waiting[at]!.length > 0; n--) order.push(waiting[at]!.shift()!);
    if (waiting[at]!.length === 0) waiting.splice(at, 1);
  }
  return order;
}
