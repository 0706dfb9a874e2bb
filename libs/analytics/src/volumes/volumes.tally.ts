import type { InteractionFact, PublishedEvent } from '@readership/contracts';
import type { EventTally } from '@readership/kernel';
import { monthlyCells } from '../calendar/monthly.js';
import { monthIn } from '../calendar/months.js';

const on = [
  'InteractionRecorded',
  'InteractionCorrected',
  'InteractionWithdrawn',
  'InteractionRestored',
] as const;

export type VolumeEvent = PublishedEvent<(typeof on)[number]>;

/** The series of the quantities of an interaction kind. */
export const quantities = (kind: string): string => kind;

/** The kind under which every interaction is counted besides its own, from version 2 on. */
export const anyKind = 'any';

/** The series of what quantities exceed 1 by. Quantities less this give the number of interactions. */
export const surplus = (kind: string): string => `${kind}+`;

/**
 * Interactions by kind, at the branch and in the month of the time zone where they happened. It does not depend on the
 * person, so a re-attribution changes nothing.
 *
 * Version 1 is for builds that began with it. It has no counts of the consortium, and none of all kinds together.
 */
export function volumes(timeZone: string, version: 1 | 2 = 2): EventTally<VolumeEvent> {
  const monthOf = monthIn(timeZone);
  const count = (cells: Map<string, number>, fact: InteractionFact, sign: 1 | -1) => {
    const month = monthOf(fact.time);
    const add = (series: string, n: number) => {
      for (const cell of monthlyCells(series, fact.branch, month, version > 1))
        cells.set(cell, (cells.get(cell) ?? 0) + n);
    };
    for (const kind of version > 1 ? [fact.kind, anyKind] : [fact.kind]) {
      add(quantities(kind), sign * fact.quantity);
      if (fact.quantity > 1) add(surplus(kind), sign * (fact.quantity - 1));
    }
  };
  return {
    name: 'volumes',
    version,
    on,
    cells(event) {
      const cells = new Map<string, number>();
      switch (event.type) {
        case 'InteractionRecorded':
        case 'InteractionRestored':
          count(cells, event.data.now, 1);
          break;
        case 'InteractionCorrected':
          count(cells, event.data.was, -1);
          count(cells, event.data.now, 1);
          break;
        case 'InteractionWithdrawn':
          count(cells, event.data.was, -1);
          break;
      }
      return cells;
    },
  };
}
