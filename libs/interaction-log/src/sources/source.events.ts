import type { Event } from '@readership/kernel';

/**
 * From now on a source may speak for these branches, and for those of these libraries, and for no others. `source` is the
 * CloudEvents attribute of that name by which a branch system is known.
 */
export type SourceAllowed = Event<
  'SourceAllowed',
  { source: string; libraries: readonly string[]; branches: readonly string[] }
>;

/** From now on it may speak for nobody. */
export type SourceRevoked = Event<'SourceRevoked', { source: string }>;

export type SourceEvent = SourceAllowed | SourceRevoked;
