import type { Decider } from '@readership/kernel';
import { figureGroups, type FigureGroup } from './figure-groups.js';
import type { HiddenFiguresEvent } from './hidden-figures.events.js';
import type { HiddenScopes } from './suppression.js';

/** What is hidden of one month, and the library of each hidden branch when it was hidden first. */
export interface Hidden {
  readonly scopes: HiddenScopes;
  readonly libraries: ReadonlyMap<string, string>;
}

/** By month `YYYY-MM`. A month that was not judged yet is absent. */
export type HiddenByMonth = ReadonlyMap<string, Hidden>;

export interface HideFigures {
  readonly type: 'HideFigures';
  readonly month: string;
  readonly scopes: HiddenScopes;
  /** The libraries of all branches now. */
  readonly libraries: ReadonlyMap<string, string>;
}

/** The most names of scopes in one event, which is limited to 64 KiB. */
const namesMax = 400;

export const nothingHidden: Hidden = {
  scopes: Object.fromEntries(
    figureGroups.map((group) => [group, new Set<string>()]),
  ) as unknown as HiddenScopes,
  libraries: new Map(),
};

/**
 * What is hidden of the figures of the months of one decade. What was hidden once stays hidden, since what is shown later
 * would give away what was not.
 */
export const hiddenFigures: Decider<HiddenByMonth, HideFigures, HiddenFiguresEvent> = {
  category: 'hidden-figures',
  initial: new Map(),
  decide({ month, scopes, libraries }, months) {
    const known = months.get(month);
    const more = figureGroups.flatMap((group) =>
      [...scopes[group]]
        .filter((scope) => !known?.scopes[group].has(scope))
        .map((scope) => [group, scope] as const),
    );
    if (known !== undefined && more.length === 0) return [];
    const events: HiddenFiguresEvent[] = [];
    do {
      const named: Partial<Record<FigureGroup, string[]>> = {};
      const belonged: Record<string, string> = {};
      for (const [group, scope] of more.splice(0, namesMax)) {
        (named[group] ??= []).push(scope);
        const library = libraries.get(scope);
        if (library !== undefined && !known?.libraries.has(scope)) belonged[scope] = library;
      }
      events.push({ type: 'FiguresHidden', data: { month, scopes: named, libraries: belonged } });
    } while (more.length > 0);
    return events;
  },
  evolve(months, { data: { month, scopes, libraries } }) {
    const known = months.get(month) ?? nothingHidden;
    const grown = figureGroups.map(
      (group) => [group, new Set([...known.scopes[group], ...(scopes[group] ?? [])])] as const,
    );
    const hidden: Hidden = {
      scopes: Object.fromEntries(grown) as unknown as HiddenScopes,
      libraries: new Map([...Object.entries(libraries), ...known.libraries]),
    };
    return new Map([...months, [month, hidden]]);
  },
};
