import { interactionEventType, type InteractionEvent } from './interaction-event.js';
import { dayName, daysIn, monthOfYear } from './calendar.js';
import type { Chance } from './chance.js';
import { branches } from './places.js';
import type { Reader } from './readers.js';

/**
 * Each month's share of the year, January first, from the monthly returns of England's library services for April 2023
 * to March 2024 (Arts Council England, published by Libraries Hacked): visits and loans of a month ÷ the year's mean.
 */
export const visitSeason = [
  0.942, 1.066, 0.956, 1.023, 1.08, 0.929, 0.987, 1.205, 0.99, 1.039, 1.024, 0.761,
] as const;
export const loanSeason = [
  0.976, 0.973, 0.989, 1.084, 0.97, 0.93, 1.087, 1.172, 1.011, 1.017, 0.967, 0.823,
] as const;
/** From the same source: 113,173,328 visits, 126,390,926 loans and 4,398,843 active users. */
export const visitsPerActiveReaderYear = 25.7;
export const loansPerActiveReaderYear = 28.7;

type Kind = InteractionEvent['data']['kind'];

/** Kinds of a reader's own interactions, in hundredths. A checkout has several loans. */
const kinds: readonly (readonly [Kind, number])[] = [
  ['loan', 52],
  ['visit', 14],
  ['renewal', 8],
  ['hold', 6],
  ['eresource', 6],
  ['computer', 4],
  ['wifi', 3],
  ['program', 3],
  ['contact', 2],
  ['reference', 1],
  ['payment', 1],
];

function kindOf(chance: Chance): Kind {
  let at = chance.next() * 100;
  for (const [kind, share] of kinds) {
    at -= share;
    if (at < 0) return kind;
  }
  return 'loan';
}

const offsets: Readonly<Record<string, string>> = {
  'America/New_York': '-05:00',
  'America/Chicago': '-06:00',
};
const zoneOf = new Map(branches.map((branch) => [branch.id, offsets[branch.timeZone]!]));

function event(
  id: string,
  branch: string,
  day: string,
  hour: number,
  minute: number,
  data: Omit<InteractionEvent['data'], 'branch'>,
) {
  const clock = `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
  return {
    specversion: '1.0',
    type: interactionEventType,
    source: `/sample/${branch}`,
    id,
    time: `${day}T${clock}:00${zoneOf.get(branch)!}`,
    data: { ...data, branch },
  } satisfies InteractionEvent;
}

/** One reader's interactions of one month. */
export function usesOf(chance: Chance, reader: Reader, month: number): InteractionEvent[] {
  if (!reader.active(month)) return [];
  const events: InteractionEvent[] = [];
  const home = [...reader.moves].reverse().find((move) => move.month <= month)?.to ?? reader.home;
  const n = chance.poisson(reader.rate * loanSeason[monthOfYear(month)]!);
  for (let i = 0; i < n; i++) {
    const kind = kindOf(chance);
    const branch = chance.happens(0.85) ? home : chance.pick(branches).id;
    // Closed readers do nothing after the day of their closure, so their last uses are in the month's first days.
    const dayMax = reader.closure?.month === month ? Number(reader.closure.on.slice(8)) : daysIn(month);
    const day = dayName(month, chance.int(1, dayMax));
    events.push(
      event(`${reader.card}-${month}-${i}`, branch, day, chance.int(9, 18), chance.int(0, 59), {
        kind,
        card: reader.card,
        ...(kind === 'loan' ? { quantity: 1 + chance.poisson(3.1) } : {}),
        ...(kind === 'eresource' ? { digital: true } : {}),
        ...(kind === 'reference' ? { readScale: chance.int(1, 4) } : {}),
        ...(kind === 'contact' ? { channel: chance.pick(['desk', 'phone', 'e-mail']) } : {}),
      }),
    );
  }
  return events;
}

/** The door counters: one anonymous figure per branch and week, with the visits that the sample's readers do not make. */
export function gateCounts(chance: Chance, month: number, activeReaders: number): InteractionEvent[] {
  const population = branches.reduce((sum, branch) => sum + branch.population, 0);
  // Over a year about a sixth more readers are active than in one of its months.
  const expected = (1.17 * activeReaders * visitsPerActiveReaderYear * visitSeason[monthOfYear(month)]!) / 12;
  const days = [1, 8, 15, 22];
  return branches.flatMap((branch) =>
    days.map((day) => {
      const mean = (expected * branch.population) / population / days.length;
      const quantity = Math.max(1, Math.round(mean * (0.8 + 0.4 * chance.next())));
      return event(`gate-${dayName(month, day)}`, branch.id, dayName(month, day), 12, 0, {
        kind: 'visit',
        quantity,
      });
    }),
  );
}
