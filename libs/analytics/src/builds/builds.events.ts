import type { ActivityPolicy } from '@readership/contracts';
import type { Event } from '@readership/kernel';

/** The read models that the metrics are read from, by the name they are stored under. */
export const figureNames = ['reader-activity', 'volumes', 'satisfaction', 'testimonials'] as const;
export type FigureName = (typeof figureNames)[number];

/** The version of a read model, and the number of the build that began it. */
export interface ModelVersion {
  readonly version: number;
  readonly build: number;
}

/** Of each read model of a build. A read model that came with a later release is absent. */
export type ModelVersions = Readonly<Record<string, ModelVersion>>;

/** The read models of one activity policy and time zone; numbered from 1. */
export interface StartedBuild {
  readonly number: number;
  readonly policy: ActivityPolicy;
  readonly timeZone: string;
  /**
   * The versions of its read models. Stored under this name since the first release that had versions; absent in what was
   * recorded before: version 1 of the four read models of then, begun by this build.
   */
  readonly editions?: ModelVersions;
  /** The one read model that is built anew to be compared; the others stay as they are. */
  readonly rebuilds?: string;
  /** The read models that the serving build does not have, built for the first time; the others stay as they are. */
  readonly adds?: readonly string[];
}

/** What both versions of the rebuilt read model hold of a partition, at the same offset of the log. */
export interface Comparison {
  readonly partition: number;
  readonly offset: number;
  readonly live: string;
  readonly built: string;
}

/** All read models are built, for another policy or time zone, unless `rebuilds` or `adds` says which. */
export type BuildStarted = Event<'BuildStarted', StartedBuild>;
/** From here on both versions of the rebuilt read model take the same records together; each partition is compared once. */
export type BuildCaughtUp = Event<'BuildCaughtUp', { readonly number: number; readonly partitions: number }>;
export type PartitionCompared = Event<'PartitionCompared', { readonly number: number } & Comparison>;
export type BuildServed = Event<'BuildServed', { readonly number: number }>;
export type BuildAbandoned = Event<'BuildAbandoned', { readonly number: number }>;
export type BuildsEvent = BuildStarted | BuildCaughtUp | PartitionCompared | BuildServed | BuildAbandoned;
