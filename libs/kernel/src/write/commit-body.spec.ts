import fc from 'fast-check';
import type { OutboxEntry, Publication, Stored } from '../event.js';
import { damagedType, decodeOutbox, decodePart, parseBody } from './commit-body.js';
import { bodyOf, encodeCommit } from './commit-text.js';
import { UnreadableEvents } from './unreadable.js';

const key = Buffer.alloc(32, 1);
const meta = { commandId: 'c1', at: '2026-01-01T00:00:00.000Z', actor: 'test', correlationId: 'trace' };
/** Its texts look as much like the beginning of an event as a text can. */
const events = [1, 2, 3].map((n) => ({
  type: 'Noted',
  data: { n, text: `,[9,"00000000-0000-7000-8000-000000000009","Noted",0,{}` },
  personal: { name: 'Ada' },
}));
const publications: readonly Publication[] = events.map(({ data }, at) => ({
  key: 'reader "1"',
  fact: at === 1 ? null : { type: 'Noted', schema: 1, data },
}));
let ids = 0;
const text = encodeCommit({ stream: 'note-1', expectedVersion: 0, events, meta }, publications, {
  partitions: 1,
  keyOf: () => key,
  newId: () => `00000000-0000-7000-8000-${String(++ids).padStart(12, '0')}`,
});
const [part] = text.parts;
const body = bodyOf(text, part!);
const place = {
  ...{ stream: 'note-1', partition: 0, position: 128, recordedAt: meta.at, commandId: 'c1', actor: 'test' },
};

function read(from: string): { stored: Stored[]; outbox: OutboxEntry[]; unreadable: UnreadableEvents } {
  const [stored, outbox] = [[] as Stored[], [] as OutboxEntry[]];
  const unreadable = new UnreadableEvents();
  const parsed = parseBody(from, part!);
  decodePart(place, parsed, { keyOf: () => key, unreadable }, stored);
  decodeOutbox(place, parsed, new UnreadableEvents(), outbox);
  return { stored, outbox, unreadable };
}
const whole = read(body);

it.each([
  ['its data', '"n":2', '"n":', 1],
  ['its end', /\]\]$/, ']', 2],
  ['its personal part', '[0,"', '[0,', 0],
] as const)('damages one event of three by %s, and reads the others as they were', (_, from, to, at) => {
  const { stored, outbox, unreadable } = read(body.replace(from, to));
  for (const i of [0, 1, 2].filter((i) => i !== at)) {
    expect(stored[i]).toEqual(whole.stored[i]);
    expect(outbox[i]).toEqual(whole.outbox[i]);
  }
  const { id, version, key, position } = whole.stored[at]!;
  expect(stored[at]).toMatchObject({ type: damagedType, data: {}, id, version, key, position });
  expect(outbox[at]).toMatchObject({ damaged: true, id, key, position });
  expect(outbox[at]!.fact?.type).toBe(at === 1 ? undefined : damagedType);
  expect(unreadable.counts['damaged-event']).toBe(1);
});

it('gives every event its place, whatever became of the text, and never throws', () =>
  fc.assert(
    fc.property(
      fc.nat(body.length),
      fc.nat(40),
      fc.oneof(fc.string({ maxLength: 20 }), fc.constantFrom('', '[', ']', '"', ',', 'null', '{}')),
      (from, length, between) => {
        const { stored, outbox } = read(body.slice(0, from) + between + body.slice(from + length));
        expect(stored.map(({ position }) => position)).toEqual([128, 129, 130]);
        expect(outbox.map(({ position }) => position)).toEqual([128, 129, 130]);
      },
    ),
    { numRuns: 500 },
  ));
