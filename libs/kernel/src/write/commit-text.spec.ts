import { decodePart, parseBody, subjectsToUnseal, type Opening } from './commit-body.js';
import { bodyOf, encodeCommit, publicationsOf, subjectsToSeal } from './commit-text.js';
import { UnreadableEvents } from './unreadable.js';
import type { Publication, Stored } from '../event.js';

const key = Buffer.alloc(32, 1);
const meta = { commandId: 'c1', at: '2026-01-01T00:00:00.000Z', actor: 'test', correlationId: 'trace' };
const events = [
  { type: 'Moved', data: { to: 'NORTH' } },
  { type: 'Named', data: {}, personal: { name: 'Ada' } },
  { type: 'Left', data: { why: 'ü' }, personal: null },
];
const publications: readonly Publication[] = [
  { key: 'patron-1', fact: { type: 'Moved', schema: 1, data: events[0]!.data } },
  { key: 'b', subject: 'person-1', fact: null },
  {
    key: 'patron-1',
    fact: { type: 'PatronLeft', schema: 2, data: { n: 1 }, time: '2025-12-31T10:00:00Z' },
  },
];
const commit = { stream: 'patron-1', expectedVersion: 4, events, meta };
const encoded = (traceparent?: string) => {
  let id = 0;
  const asked = traceparent === undefined ? commit : { ...commit, meta: { ...meta, traceparent } };
  return encodeCommit(asked, publications, { partitions: 3, keyOf: () => key, newId: () => `id-${++id}` });
};

it('writes a commit as the same text for ever', () => {
  const text = encoded();
  expect(text.last).toBe(7);
  expect(text.subjects).toEqual(['person-1']);
  expect(text.parts.map(({ version, count, facts, lastFact }) => [version, count, facts, lastFact])).toEqual([
    [5, 2, 2, 1],
    [6, 1, 0, -1],
  ]);
  expect(text.parts.map((part) => bodyOf(text, part).replace(/(person-1",")[^"]+/, '$1…'))).toEqual([
    '["trace",0,[5,"id-1","Moved",0,{"to":"NORTH"},0,[0,1,0,0]],' +
      '[7,"id-3","Left",0,{"why":"ü"},null,["PatronLeft",2,{"n":1},"2025-12-31T10:00:00Z"]]]',
    '["trace",0,[6,"id-2","Named","b",{},["person-1","…"],null]]',
  ]);
});

it('reads back what was written, and a personal part as null without its key', () => {
  const text = encoded();
  const read = (keyOf: Opening['keyOf']) => {
    const to: Stored[] = [];
    const opening = { keyOf, unreadable: new UnreadableEvents() };
    for (const part of text.parts) {
      const place = {
        stream: commit.stream,
        partition: part.partition,
        position: 640,
        recordedAt: meta.at,
        commandId: meta.commandId,
        actor: meta.actor,
      };
      decodePart(place, parseBody(bodyOf(text, part), part), opening, to);
    }
    return to.sort((a, b) => a.version - b.version);
  };
  const [moved, named, left] = read((subject) => (subject === 'person-1' ? key : 'no-key'));
  expect(moved).toMatchObject({ ...events[0], version: 5, position: 640, key: 'patron-1', time: meta.at });
  expect(named).toMatchObject({ ...events[1], version: 6, key: 'b', fact: null, correlationId: 'trace' });
  expect(left).toMatchObject({ ...events[2], position: 641, fact: publications[2]!.fact });
  expect(read(() => 'no-key')[1]!.personal).toBeNull();
});

it('keeps the trace context beside the correlation, and reads what was written without one', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const text = encoded(traceparent);
  expect(bodyOf(text, text.parts[1]!)).toMatch(
    /^\[\["trace","00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"\],0,\[6,/,
  );
  const read = (body: string) => {
    const to: Stored[] = [];
    const place = { stream: 's', partition: 0, position: 1, recordedAt: meta.at, commandId: 'c', actor: 'a' };
    const opening = { keyOf: () => 'no-key' as const, unreadable: new UnreadableEvents() };
    decodePart(place, parseBody(body, { count: 1, facts: 0 }), opening, to);
    return to.map(({ correlationId, causationId, traceparent }) => [correlationId, causationId, traceparent]);
  };
  const rest = '[1,"id-1","Moved",0,{},0,null]]';
  expect(read(`[["trace","${traceparent}"],"cause",${rest}`)).toEqual([['trace', 'cause', traceparent]]);
  expect(read(`[[0,"${traceparent}"],0,${rest}`)).toEqual([[undefined, undefined, traceparent]]);
  expect(read(`["trace",0,${rest}`)).toEqual([['trace', undefined, undefined]]);
});

it('says whose keys it needs, to seal and to unseal', () => {
  expect(subjectsToSeal(commit, publications)).toEqual(['person-1']);
  const text = encoded();
  expect(
    text.parts.map((part) => subjectsToUnseal(parseBody(bodyOf(text, part), part), commit.stream)),
  ).toEqual([[], ['person-1']]);
});

it('decides once per event what is published', () => {
  const asked: string[] = [];
  publicationsOf(commit, (event, stream) => (asked.push(event.type), { key: stream, fact: null }));
  expect(asked).toEqual(['Moved', 'Named', 'Left']);
});
