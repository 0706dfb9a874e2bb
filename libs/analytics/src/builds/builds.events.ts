import type { ActivityPolicy } from '@readership/contracts';
import type { Event } from '@readership/kernel';

/** The read models that figures are counted in, by the name they are stored under. */
export const figureNames = ['reader-activity', 'volumes', 'satisfaction', 'testimonials'] as const;
export type FigureName = (typeof figureNames)[number];

/** What a read model is made by, and the build that began it. */
export interface ModelVersion {
  readonly version: number;
  readonly build: number;
}

export type ModelVersions = Readonly<Record<FigureName, ModelVersion>>;

/** The read models of one activity policy and time zone; numbered from 1. */
export interface StartedBuild {
  readonly number: number;
  readonly policy: ActivityPolicy;
  readonly timeZone: string;
  /** Absent in what was recorded before versions stood beside each other: version 1, begun by this build. */
  readonly editions?: ModelVersions;
  /** The one read model that is built anew, the others go on; absent: all of them, for another policy or time zone. */
  readonly rebuilds?: FigureName;
}

/** What both editions of the rebuilt read model hold of a partition, at the same offset of the log. */
export interface Comparison {
  readonly partition: number;
  readonly offset: number;
  readonly live: string;
  readonly built: string;
}

export type BuildStarted = Event<'BuildStarted', StartedBuild>;
/** From here on both editions take the same records together; each partition is compared once. */
export type BuildCaughtUp = Event<'BuildCaughtUp', { readonly number: number; readonly partitions: number }>;
export type PartitionCompared = Event<'PartitionCompared', { readonly number: number } & Comparison>;
export type BuildServed = Event<'BuildServed', { readonly number: number }>;
export type BuildAbandoned = Event<'BuildAbandoned', { readonly number: number }>;
export type BuildsEvent = BuildStarted | BuildCaughtUp | PartitionCompared | BuildServed | BuildAbandoned;
