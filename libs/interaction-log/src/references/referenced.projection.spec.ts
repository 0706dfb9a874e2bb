import type { InteractionFact } from '@readership/contracts';
import { projected } from '@readership/kernel/testing';
import { heldAt, referenced, type ItemFact } from './referenced.projection.js';

const token = 'T'.repeat(43);
const ada = '0193a1b2-0000-7000-8000-00000000000a';
const time = '2024-03-31T09:15:00.000Z';
const now: InteractionFact = {
  time,
  kind: 'loan',
  branch: 'NORTH',
  quantity: 1,
  startedBy: 'patron',
  digital: false,
};
const told = (holder: string, at = time): ItemFact =>
  ({ type: 'Referenced', key: token, data: { interaction: 'i1', time: at, holder } }) as ItemFact;
const recorded = (key: string, reference: string | null): ItemFact =>
  ({ type: 'InteractionRecorded', key, data: { interaction: 'i1', reference, now } }) as ItemFact;

describe('what came by a reference', () => {
  it('is what it was told', () =>
    projected(referenced, told(ada)).thenRow(`${token}/i1`, { time, holder: ada }));
  it('is what it holds itself', () =>
    projected(referenced, recorded(token, token)).thenRow(`${token}/i1`, { time, holder: token }));
  it('follows every move and every other time', () => {
    const later = '2024-04-01T00:00:00.000Z';
    projected(referenced, recorded(token, token), told(ada), told(ada, later)).thenRow(`${token}/i1`, {
      time: later,
      holder: ada,
    });
  });
  it('is the same when the last fact is told again', () =>
    projected(referenced, recorded(token, token), told(ada), told(ada)).thenRow(`${token}/i1`, {
      time,
      holder: ada,
    }));
  it('is found by the patron who holds it, and not while it belongs to nobody', () => {
    const places = (holder: string) => referenced.indexes!['held']!({ time, holder });
    expect(places(ada)).toEqual([heldAt(ada, time)]);
    expect(places(token)).toEqual([]);
  });
  it('stands under its patron by time, from 1900 to far ahead', () => {
    const times = ['1900-01-01T00:00:00.000Z', '1969-12-31T23:59:59.999Z', '1970-01-01T00:00:00.000Z', time];
    const places = [...times, '2024-03-31T09:15:00.001Z', '4000-01-01T00:00:00.000Z'].map((at) =>
      heldAt(ada, at),
    );
    expect(places.toSorted()).toEqual(places);
    expect(new Set(places.map((place) => place.length)).size).toBe(1);
    for (const place of places) expect(place.startsWith(heldAt(ada)) && place > heldAt(ada)).toBe(true);
    expect(heldAt(ada.replace(/a$/, 'b'))).not.toBe(heldAt(ada));
  });
  it('is not what somebody else holds or what is anonymous', () => {
    expect(projected(referenced, recorded(ada, token), recorded('interaction-i1', null)).rows.size).toBe(0);
  });
});
