import { given } from '@readership/kernel/testing';
import { deadLetter, type ParkRecord } from './dead-letter.decider.js';
import type {
  ContentKept,
  RecordDiscarded,
  RecordParked,
  RecordReplayed,
  ReplayRefused,
} from './dead-letter.events.js';

const about = {
  topic: 'readership.ingest',
  partition: 3,
  offset: 41,
  sentAt: '2024-03-31T09:15:00.000Z',
  source: 'urn:ils:north',
  key: null,
  reason: 'UNKNOWN_KIND',
  pointer: '/data/kind',
};
const park = (...content: readonly string[]): ParkRecord => ({ type: 'ParkRecord', parked: about, content });
const parked: RecordParked = {
  type: 'RecordParked',
  data: { ...about, parts: 1 },
  personal: { content: 'first' },
};
const taken = { type: 'ReplayRecord', outcome: { interaction: 'i' } } as const;
const refused = { type: 'ReplayRecord', outcome: { reason: 'UNKNOWN_SOURCE', pointer: '/source' } } as const;
const discard = { type: 'DiscardRecord' } as const;
const replayed: RecordReplayed = { type: 'RecordReplayed', data: { interaction: 'i' } };
const tried: ReplayRefused = {
  type: 'ReplayRefused',
  data: { reason: 'UNKNOWN_SOURCE', pointer: '/source' },
};
const discarded: RecordDiscarded = { type: 'RecordDiscarded', data: {} };

describe('parking a record', () => {
  it('keeps why, where it lay and what it says', () => given(deadLetter).when(park('first')).then(parked));

  it('keeps what it says in parts', () => {
    const kept: ContentKept[] = [
      { type: 'ContentKept', data: { part: 2 }, personal: { content: 'second' } },
      { type: 'ContentKept', data: { part: 3 }, personal: { content: 'third' } },
    ];
    given(deadLetter)
      .when(park('first', 'second', 'third'))
      .then({ ...parked, data: { ...about, parts: 3 } }, ...kept);
    const past = [{ ...parked, data: { ...about, parts: 3 } }, ...kept];
    expect(past.reduce(deadLetter.evolve, deadLetter.initial)).toMatchObject({
      content: ['first', 'second', 'third'],
    });
  });

  it('keeps nothing of what is too large', () =>
    given(deadLetter)
      .when(park())
      .then({ ...parked, data: { ...about, parts: 0 }, personal: null }));

  it.each([[[]], [[replayed]], [[discarded]], [[tried]]])(
    'changes nothing when it is delivered again: %#',
    (then) =>
      given(deadLetter, parked, ...then)
        .when(park('first'))
        .thenNothing(),
  );
});

describe('replaying a record', () => {
  it('records as what it was taken', () => given(deadLetter, parked).when(taken).then(replayed));

  it('records that it is still refused, and why now', () => {
    given(deadLetter, parked).when(refused).then(tried);
    expect([parked, tried].reduce(deadLetter.evolve, deadLetter.initial)).toMatchObject({
      status: 'parked',
      parked: { ...about, reason: 'UNKNOWN_SOURCE', pointer: '/source' },
    });
  });

  it('is possible after it was refused', () => given(deadLetter, parked, tried).when(taken).then(replayed));

  it('changes nothing when it was taken', () =>
    given(deadLetter, parked, replayed).when(taken).thenNothing());

  it('is refused once it was given up', () =>
    given(deadLetter, parked, discarded).when(taken).thenRefused('ALREADY_DISCARDED'));

  it('is refused for one that is not known', () =>
    given(deadLetter).when(taken).thenRefused('UNKNOWN_DEAD_LETTER'));
});

describe('discarding a record', () => {
  it('is recorded', () => given(deadLetter, parked, tried).when(discard).then(discarded));

  it('changes nothing when it was given up', () =>
    given(deadLetter, parked, discarded).when(discard).thenNothing());

  it('is refused once it was taken', () =>
    given(deadLetter, parked, replayed).when(discard).thenRefused('ALREADY_REPLAYED'));

  it('is refused for one that is not known', () =>
    given(deadLetter).when(discard).thenRefused('UNKNOWN_DEAD_LETTER'));
});

it('what was forgotten reads as nothing, and the rest is still known', () => {
  const state = [{ ...parked, personal: null }].reduce(deadLetter.evolve, deadLetter.initial);
  expect(state).toMatchObject({ status: 'parked', parked: about, content: [null] });
});
