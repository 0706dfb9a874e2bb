import type { Readership } from './readership.js';

/**
 * A part of the scenario: cases in order, over places and people of its own, so that it can run on any Readership, also on
 * one that is in use. A case throws an `AssertionError` when Readership does something else.
 */
export interface Theme {
  readonly name: string;
  /** Runs before the first case. */
  begin?(readership: Readership): Promise<void>;
  /** By what each shows. */
  readonly cases: Readonly<Record<string, (readership: Readership) => Promise<void>>>;
}
