import type { ActivityPolicy } from '@readership/contracts';
import type { Event } from '@readership/kernel';

/** The read models that the metrics are read from, by their stored names. */
export const figureNames = ['reader-activity', 'volumes', 'satisfaction', 'testimonials'] as const;
export type FigureName = (typeof figureNames)[number];

/** The version of a read model, and the number of the build that began it. */
export interface ModelVersion {
  readonly version: number;
  readonly build: number;
}

/** Versions of each read model of a build. A read model of a later release is absent. */
export type ModelVersions = Readonly<Record<string, ModelVersion>>;

/** The read models of one activity policy and time zone. Builds are numbered from 1. */
export interface StartedBuild {
  readonly number: number;
  readonly policy: ActivityPolicy;
  readonly timeZone: string;
  /**
   * The versions of its read models, stored under this name since the first release with versions. Absent in older
   * events, which means version 1 of the four read models of that time, begun by this build.
   */
  readonly editions?: ModelVersions;
  /** The one read model that is built anew to be compared. The others stay as they are. */
  readonly rebuilds?: string;
  /** The read models that the serving build lacks, built for the first time. The others stay as they are. */
  readonly adds?: readonly string[];
}

/** What both versions of the rebuilt read model hold of a partition, at the same offset of the log. */
export interface Comparison {
  readonly partition: number;
  readonly offset: number;
  readonly live: string;
  readonly built: string;
}

/** All read models are built for another policy or time zone, unless `rebuilds` or `adds` names some. */
export type BuildStarted = Event<'BuildStarted', StartedBuild>;
/** From here on both versions of the rebuilt read model take the same records together. Each partition is compared once. */
export type BuildCaughtUp = Event<'BuildCaughtUp', { readonly number: number; readonly partitions: number }>;
export type PartitionCompared = Event<'PartitionCompared', { readonly number: number } & Comparison>;
export type BuildServed = Event<'BuildServed', { readonly number: number }>;
export type BuildAbandoned = Event<'BuildAbandoned', { readonly number: number }>;
export type BuildsEvent = BuildStarted | BuildCaughtUp | PartitionCompared | BuildServed | BuildAbandoned;
