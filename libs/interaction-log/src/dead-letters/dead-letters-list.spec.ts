import type { Stored } from '@readership/kernel';
import { projected, withPrivateFields } from '@readership/kernel/testing';
import type { DeadLetterEvent } from './dead-letter.events.js';
import { deadLettersList, type ListedDeadLetter } from './dead-letters-list.projection.js';

const key = 'dead-letter-x';
const at = (minute: number) => `2024-03-31T09:0${minute}:00.000Z`;
const told = (type: DeadLetterEvent['type'], data: object, minute: number) =>
  ({ type, data, key, stream: key, recordedAt: at(minute) }) as unknown as Stored<DeadLetterEvent>;
const about = {
  topic: 'readership.ingest',
  partition: 3,
  offset: 41,
  sentAt: at(0),
  source: null,
  key: null,
  reason: 'UNKNOWN_KIND',
  pointer: '/data/kind',
};
const parked = told('RecordParked', { ...about, parts: 1 }, 1);
const refused = told('ReplayRefused', { reason: 'UNKNOWN_SOURCE' }, 2);
const replayed = told('RecordReplayed', { interaction: 'i' }, 3);
const discarded = told('RecordDiscarded', {}, 4);
const row: ListedDeadLetter = {
  ...about,
  id: 'x',
  state: 'parked',
  kept: true,
  parkedAt: at(1),
  triedAt: null,
  interaction: null,
};

it('lists a dead letter without its content, once however often it is told', () => {
  projected(deadLettersList, parked).thenRow(key, row);
  projected(deadLettersList, parked, parked).thenRow(key, row);
});

it('leaves out what was added to the event', () =>
  projected(deadLettersList, withPrivateFields(parked, '1815-12-10')).thenRow(key, row));

it('tells the reason of the last try', () => {
  const again = { ...row, pointer: undefined, reason: 'UNKNOWN_SOURCE', triedAt: at(2) };
  projected(deadLettersList, parked, refused, refused).thenRow(key, again as unknown as ListedDeadLetter);
});

it('tells as what it was taken, or that it was given up', () => {
  projected(deadLettersList, parked, replayed, replayed).thenRow(key, {
    ...row,
    state: 'replayed',
    triedAt: at(3),
    interaction: 'i',
  });
  projected(deadLettersList, parked, discarded, discarded).thenRow(key, {
    ...row,
    state: 'discarded',
    triedAt: at(4),
  });
});

it('says when the content is not kept', () =>
  projected(deadLettersList, told('RecordParked', { ...about, parts: 0 }, 1)).thenRow(key, {
    ...row,
    kept: false,
  }));

it('finds them by state in the order of time, partition and offset', () => {
  const oldest = deadLettersList.indexes!['oldest']!;
  const place = `${at(1)}/readership.ingest/00003/0000000000000041`;
  expect(oldest(row)).toEqual([`all/${place}`, `parked/${place}`]);
  expect(oldest({ ...row, state: 'discarded' })).toEqual([`all/${place}`, `discarded/${place}`]);
});
