import type { Readership } from './readership.js';

/**
 * A part of the scenario: cases in order, with their own branches and people, so that it can run on any Readership,
 * even one in use. A case throws an `AssertionError` when Readership behaves differently.
 */
export interface Theme {
  readonly name: string;
  /** Runs before the first case. */
  begin?(readership: Readership): Promise<void>;
  /** Cases by what each one shows. */
  readonly cases: Readonly<Record<string, (readership: Readership) => Promise<void>>>;
}
