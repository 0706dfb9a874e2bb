import type { Event } from '@readership/kernel';

/**
 * From now on a source may speak for these branches, and for those of these libraries, and for no others. `source` is
 * the CloudEvents attribute of that name, which identifies a branch system.
 */
export type SourceAllowed = Event<
  'SourceAllowed',
  { source: string; libraries: readonly string[]; branches: readonly string[] }
>;

/** From now on the source may speak for no branch. */
export type SourceRevoked = Event<'SourceRevoked', { source: string }>;

export type SourceEvent = SourceAllowed | SourceRevoked;
