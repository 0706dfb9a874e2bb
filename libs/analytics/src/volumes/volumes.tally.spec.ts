import type { InteractionFact, PublishedEvent } from '@readership/contracts';
import type { EventTally } from '@readership/kernel';
import { volumes, type VolumeEvent } from './volumes.tally.js';

const loan: InteractionFact = {
  time: '2024-03-31T22:30:00.000Z',
  kind: 'loan',
  branch: 'NORTH',
  quantity: 1,
  startedBy: 'patron',
  digital: false,
};

function event(type: VolumeEvent['type'], data: object): VolumeEvent {
  return { type, data, key: 'p', context: 'interaction-log' } as unknown as PublishedEvent as VolumeEvent;
}

/** The cells at branches, of single kinds. */
function counted(timeZone: string, ...events: VolumeEvent[]): Record<string, number> {
  return Object.fromEntries(
    Object.entries(countedIn(volumes(timeZone), ...events)).filter(
      ([cell]) => !cell.includes('|*|') && !cell.startsWith('any'),
    ),
  );
}

function countedIn(tally: EventTally<VolumeEvent>, ...events: VolumeEvent[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const each of events) {
    for (const [cell, n] of tally.cells(each)) sum[cell] = (sum[cell] ?? 0) + n;
  }
  return Object.fromEntries(Object.entries(sum).filter(([, n]) => n !== 0));
}

describe('volumes', () => {
  it('count an interaction at its branch, in the month of the time zone', () => {
    const recorded = event('InteractionRecorded', { interaction: 'i', reference: null, now: loan });
    expect(counted('UTC', recorded)).toEqual({ 'loan|NORTH|2024-03': 1 });
    expect(counted('Europe/Berlin', recorded)).toEqual({ 'loan|NORTH|2024-04': 1 });
  });

  it('add the quantity, and remember how many interactions it came from', () => {
    const many = event('InteractionRecorded', {
      interaction: 'i',
      reference: null,
      now: { ...loan, quantity: 40 },
    });
    expect(counted('UTC', many)).toEqual({ 'loan|NORTH|2024-03': 40, 'loan+|NORTH|2024-03': 39 });
  });

  it('follow a correction of kind, branch, time and quantity', () => {
    const now = { ...loan, kind: 'visit', branch: 'SOUTH', time: '2024-05-01T00:00:00.000Z', quantity: 3 };
    expect(
      counted(
        'UTC',
        event('InteractionRecorded', { interaction: 'i', reference: null, now: loan }),
        event('InteractionCorrected', { interaction: 'i', was: loan, now }),
      ),
    ).toEqual({ 'visit|SOUTH|2024-05': 3, 'visit+|SOUTH|2024-05': 2 });
  });

  it('count in the consortium, and for all kinds together, as well', () => {
    const recorded = event('InteractionRecorded', {
      ...{ interaction: 'i', reference: null, now: { ...loan, quantity: 40 } },
    });
    const now = { ...loan, kind: 'visit', branch: 'SOUTH', quantity: 3 };
    const corrected = event('InteractionCorrected', {
      interaction: 'i',
      was: { ...loan, quantity: 40 },
      now,
    });
    expect(countedIn(volumes('UTC'), recorded, corrected)).toEqual({
      ...{ 'visit|SOUTH|2024-03': 3, 'visit+|SOUTH|2024-03': 2 },
      ...{ 'visit|*|2024-03': 3, 'visit+|*|2024-03': 2 },
      ...{ 'any|SOUTH|2024-03': 3, 'any+|SOUTH|2024-03': 2 },
      ...{ 'any|*|2024-03': 3, 'any+|*|2024-03': 2 },
    });
    expect(countedIn(volumes('UTC', 1), recorded)).toEqual({
      ...{ 'loan|NORTH|2024-03': 40, 'loan+|NORTH|2024-03': 39 },
    });
  });

  it('are nothing again once the interaction is withdrawn', () => {
    expect(
      counted(
        'UTC',
        event('InteractionRecorded', { interaction: 'i', reference: null, now: { ...loan, quantity: 7 } }),
        event('InteractionWithdrawn', { interaction: 'i', was: { ...loan, quantity: 7 } }),
      ),
    ).toEqual({});
  });

  it('are what they were once a withdrawal is taken back', () => {
    const now = { ...loan, quantity: 7 };
    const recorded = event('InteractionRecorded', { interaction: 'i', reference: null, now });
    const withdrawn = event('InteractionWithdrawn', { interaction: 'i', was: now });
    const restored = event('InteractionRestored', { interaction: 'i', now });
    expect(counted('UTC', recorded, withdrawn, restored)).toEqual(counted('UTC', recorded));
  });

  it('are not told of re-attributions', () => {
    expect(volumes('UTC').on).not.toContain('Adopted');
    expect(volumes('UTC').on).not.toContain('ReattributedAway');
  });
});
