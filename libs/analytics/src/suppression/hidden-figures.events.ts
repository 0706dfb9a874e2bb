import type { Event } from '@readership/kernel';
import type { FigureGroup } from './figure-groups.js';

/**
 * Which scopes were hidden, of each group, in a month, beyond those that were hidden already; and to which libraries those
 * branches belonged that were not hidden in any group before.
 */
export type FiguresHidden = Event<
  'FiguresHidden',
  {
    readonly month: string;
    readonly scopes: Partial<Readonly<Record<FigureGroup, readonly string[]>>>;
    readonly libraries: Readonly<Record<string, string>>;
  }
>;

export type HiddenFiguresEvent = FiguresHidden;
