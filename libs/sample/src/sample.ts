import { gateCounts, usesOf } from './activity.js';
import { dayName, daysIn, monthIndex, monthName } from './calendar.js';
import { Chance } from './chance.js';
import { interactionId, type InteractionEvent } from './interaction-event.js';
import { branches, consortium, libraries } from './places.js';
import { makeReader, type Reader } from './readers.js';

/** One request of the load. `patron` names a card; its reader's id replaces `{patron}` in the path. */
export type Step =
  | {
      readonly kind: 'one';
      readonly method: string;
      readonly path: string;
      readonly body: object;
      readonly patron?: string;
    }
  | { readonly kind: 'lines'; readonly path: string; readonly lines: readonly object[] };

export interface SampleSize {
  readonly readers: number;
  readonly months: number;
}

export const small: SampleSize = { readers: 2_000, months: 36 };

const linesPerRequest = 1_000;

/**
 * The whole load, in order. The same seed, size and last month (`2024-03`) give the same steps. Every step may be
 * repeated right after itself without effect.
 */
export function sampleSteps(seed: number, lastMonth: string, size: SampleSize = small): readonly Step[] {
  const chance = new Chance(seed);
  const last = monthIndex(lastMonth);
  const first = last - size.months + 1;
  const readers = Array.from({ length: size.readers }, (_, number) =>
    makeReader(chance, number, first, last),
  );
  const steps: Step[] = [
    { kind: 'one', method: 'PUT', path: '/v1/consortium', body: consortium },
    ...libraries.map((body): Step => ({ kind: 'one', method: 'POST', path: '/v1/libraries', body })),
    ...branches.map((body): Step => ({ kind: 'one', method: 'POST', path: '/v1/branches', body })),
    ...inLines('/v1/patrons/batch', readers.filter(({ late }) => !late).map(registration)),
    ...inLines('/v1/costs', costs(chance, first, last)),
  ];
  const events = interactions(chance, readers, first, last);
  steps.push(
    ...inLines('/v1/interactions/batch', events),
    ...inLines('/v1/patrons/batch', readers.filter(({ late }) => late).map(registration)),
    ...secondThoughts(chance, events),
    ...lives(readers),
    ...surveys(chance, first, last),
    ...testimonials(chance, first, last),
  );
  return steps;
}

function inLines(path: string, lines: readonly object[]): Step[] {
  const steps: Step[] = [];
  for (let at = 0; at < lines.length; at += linesPerRequest) {
    steps.push({ kind: 'lines', path, lines: lines.slice(at, at + linesPerRequest) });
  }
  return steps;
}

function registration(reader: Reader): object {
  const { card, givenName, familyName, email, enrolledOn, category, language, home } = reader;
  return {
    cards: [card],
    givenName,
    familyName,
    ...(email === undefined ? {} : { email }),
    ...(enrolledOn === undefined ? {} : { enrolledOn }),
    homeBranch: home,
    category,
    language,
  };
}

/** Interactions month by month. One in fifty arrives one or two months after it happened. */
function interactions(
  chance: Chance,
  readers: readonly Reader[],
  first: number,
  last: number,
): InteractionEvent[] {
  const arriving = new Map<number, InteractionEvent[]>();
  const put = (month: number, event: InteractionEvent): void => {
    const arrives = chance.happens(0.02) ? Math.min(last, month + chance.int(1, 2)) : month;
    const waiting = arriving.get(arrives);
    if (waiting) waiting.push(event);
    else arriving.set(arrives, [event]);
  };
  for (let month = first; month <= last; month++) {
    let active = 0;
    for (const reader of readers) {
      if (reader.active(month)) active++;
      for (const event of usesOf(chance, reader, month)) put(month, event);
    }
    for (const event of gateCounts(chance, month, active)) put(month, event);
  }
  return [...arriving.keys()].sort((a, b) => a - b).flatMap((month) => arriving.get(month)!);
}

function secondThoughts(chance: Chance, events: readonly InteractionEvent[]): Step[] {
  const steps: Step[] = [];
  for (const event of events) {
    if (event.data.card === undefined || !chance.happens(0.002)) continue;
    const path = `/v1/interactions/${interactionId(event)}`;
    if (chance.happens(0.4)) {
      steps.push({
        kind: 'one',
        method: 'POST',
        path: `${path}/withdraw`,
        body: { reason: 'Recorded by mistake' },
      });
    } else {
      const body = { kind: 'renewal', quantity: 1, reason: 'It was a renewal' };
      steps.push({ kind: 'one', method: 'POST', path: `${path}/correct`, body });
    }
  }
  return steps;
}

function lives(readers: readonly Reader[]): Step[] {
  const dated: { readonly on: string; readonly step: Step }[] = [];
  const command = (reader: Reader, on: string, name: string, body: object): void => {
    dated.push({
      on,
      step: { kind: 'one', method: 'POST', path: `/v1/patrons/{patron}/${name}`, body, patron: reader.card },
    });
  };
  for (const reader of readers) {
    for (const { day, to } of reader.moves) command(reader, day, 'move', { homeBranch: to, since: day });
    if (!reader.closure) continue;
    const { on, reason, reopenedOn } = reader.closure;
    command(reader, on, 'close', { reason, on });
    if (reopenedOn !== undefined) command(reader, reopenedOn, 'reopen', { on: reopenedOn });
  }
  return dated.sort((a, b) => (a.on < b.on ? -1 : a.on > b.on ? 1 : 0)).map(({ step }) => step);
}

/** Running costs per branch and month, by the services of the branch. Costs rise three per cent a year. */
function costs(chance: Chance, first: number, last: number): object[] {
  const lines: object[] = [];
  for (let month = first; month <= last; month++) {
    for (const branch of branches) {
      const rise = 1.03 ** ((month - first) / 12);
      const parts: readonly (readonly [string, number])[] = [
        ['staff', 9],
        ['collections', 2.2],
        ['building', 3.1],
      ];
      for (const [category, centsPerResident] of parts) {
        const minor = Math.round(
          branch.population * centsPerResident * rise * (0.95 + 0.1 * chance.next()) * 0.6,
        );
        lines.push({
          branch: branch.id,
          month: monthName(month),
          category,
          amount: { minor, currency: consortium.currency },
        });
      }
    }
  }
  return lines;
}

const remarks = [
  'The staff always find what I am looking for.',
  'Longer opening hours on Saturdays, please.',
  'Die Kinderecke ist wunderbar!',
  'More books in Spanish would help my mother.',
  '図書館が大好きです。',
  'Quiet, warm and free. What more could one want?',
];

function surveys(chance: Chance, first: number, last: number): Step[] {
  const id = 'reader-survey';
  const questions = [
    { id: 'recommend', type: 'nps', text: 'How likely are you to recommend the library to a friend?' },
    { id: 'satisfied', type: 'csat', text: 'How satisfied are you with the library?' },
    { id: 'remark', type: 'text', text: 'What should we do better?' },
  ];
  const responses: object[] = [];
  for (let month = first; month <= last; month++) {
    const better = (month - first) / 400;
    const n = chance.int(18, 40);
    for (let i = 0; i < n; i++) {
      const mood = chance.next() + better;
      const recommend = mood > 0.45 ? chance.int(9, 10) : mood > 0.2 ? chance.int(7, 8) : chance.int(0, 6);
      const satisfied = mood > 0.5 ? 5 : mood > 0.16 ? 4 : mood > 0.07 ? 3 : chance.int(1, 2);
      responses.push({
        id: `paper-${monthName(month)}-${i}`,
        answeredAt: `${dayName(month, chance.int(1, daysIn(month)))}T15:00:00Z`,
        branch: chance.pick(branches).id,
        answers: { recommend, satisfied, ...(chance.happens(0.2) ? { remark: chance.pick(remarks) } : {}) },
      });
    }
  }
  return [
    {
      kind: 'one',
      method: 'POST',
      path: '/v1/surveys',
      body: { id, title: 'Reader survey', language: 'en', questions },
    },
    ...inLines(`/v1/surveys/${id}/responses`, responses),
  ];
}

const praise = [
  'My daughter learned to read here. Thank you.',
  'Le personnel m’a aidée à trouver un emploi.',
  'The bookmobile is the best day of our week.',
  'I wrote my dissertation at the window table.',
];

function testimonials(chance: Chance, first: number, last: number): Step[] {
  const steps: Step[] = [];
  for (let month = first; month <= last; month++) {
    const n = chance.int(0, 4);
    for (let i = 0; i < n; i++) {
      const id = `letter-${monthName(month)}-${i}`;
      const receivedOn = dayName(month, chance.int(1, daysIn(month)));
      const path = `/v1/testimonials/${id}`;
      const body = { id, receivedOn, branch: chance.pick(branches).id, text: chance.pick(praise) };
      steps.push({ kind: 'one', method: 'POST', path: '/v1/testimonials', body });
      if (!chance.happens(0.7)) continue;
      steps.push({ kind: 'one', method: 'POST', path: `${path}/approve`, body: {} });
      if (!chance.happens(0.6)) continue;
      const consent = { givenOn: receivedOn, statement: 'I agree that the library prints this.' };
      steps.push({ kind: 'one', method: 'POST', path: `${path}/publish`, body: { consent } });
    }
  }
  return steps;
}
