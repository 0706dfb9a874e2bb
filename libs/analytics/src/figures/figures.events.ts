import type { ActivityPolicy } from '@readership/contracts';
import type { Event } from '@readership/kernel';

/** The read models of one activity policy and time zone; numbered from 1. */
export interface Build {
  readonly number: number;
  readonly policy: ActivityPolicy;
  readonly timeZone: string;
}

export type BuildStarted = Event<'BuildStarted', Build>;
export type BuildServed = Event<'BuildServed', { readonly number: number }>;
export type BuildAbandoned = Event<'BuildAbandoned', { readonly number: number }>;
export type FiguresEvent = BuildStarted | BuildServed | BuildAbandoned;
