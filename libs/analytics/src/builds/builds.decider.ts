import type { ActivityPolicy } from '@readership/contracts';
import { Refusal, type Decider } from '@readership/kernel';
import {
  figureNames,
  type StartedBuild,
  type Comparison,
  type ModelVersion,
  type ModelVersions,
  type FigureName,
  type BuildsEvent,
} from './builds.events.js';

/** A build that answers or will. */
export interface Build extends StartedBuild {
  readonly editions: ModelVersions;
  /** Number of the first build of its policy and time zone. */
  readonly policyVersion: number;
}

export interface Building extends Build {
  /** How many partitions are to be compared; `null`: it has not caught up yet. */
  readonly partitions: number | null;
  readonly compared: readonly Comparison[];
}

/** A rebuild that is over. */
export interface Ended extends Building {
  readonly rebuilds: FigureName;
  readonly outcome: 'switched' | 'abandoned';
}

export interface BuildsState {
  /** How many builds were ever started. */
  readonly started: number;
  /** The build that answers. */
  readonly serving: Build | null;
  /** The build that will answer, or may be switched to, once it has caught up. */
  readonly building: Building | null;
  /** The last rebuilds that are over, the latest last. */
  readonly ended: readonly Ended[];
}

export interface Inputs {
  readonly policy: ActivityPolicy;
  readonly timeZone: string;
}

/** Of each read model, the versions that a release can make: all from the first to the last. */
export type OfferedVersions = Readonly<Record<FigureName, { readonly first: number; readonly last: number }>>;

export type BuildsCommand =
  /** There must be something that answers and that this release can make. */
  | ({ readonly type: 'BeginServing'; readonly versions: OfferedVersions } & Inputs)
  /** What answers must be made of these. */
  | ({ readonly type: 'StartBuild'; readonly versions: OfferedVersions } & Inputs)
  | { readonly type: 'Rebuild'; readonly model: FigureName; readonly version: number }
  | { readonly type: 'CatchUp'; readonly number: number; readonly partitions: number }
  | { readonly type: 'Compare'; readonly number: number; readonly comparison: Comparison }
  /** The build of another policy has caught up. */
  | { readonly type: 'ServeBuild'; readonly number: number }
  | { readonly type: 'SwitchToRebuild'; readonly number: number }
  | { readonly type: 'AbandonRebuild'; readonly number: number };

const endedMax = 20;

/**
 * Which build of the figures answers, and which one is on its way: a change of policy or time zone builds all read models
 * beside and switches by itself; a rebuild builds one of them beside, is compared with the live one, and switches when told.
 */
export const builds: Decider<BuildsState, BuildsCommand, BuildsEvent> = {
  category: 'figures',
  initial: { started: 0, serving: null, building: null, ended: [] },
  decide(command, state) {
    switch (command.type) {
      case 'BeginServing': {
        const { serving } = state;
        if (serving !== null && isMade(serving, command.versions)) return [];
        return servedAtOnce(state.started + 1, serving ?? command, command.versions);
      }
      case 'StartBuild':
        return startBuild(state, command, command.versions);
      case 'Rebuild':
        return rebuild(state, command.model, command.version);
      case 'CatchUp': {
        const { number, partitions } = command;
        const { building } = state;
        if (building?.number !== number || building.partitions !== null) return [];
        return [{ type: 'BuildCaughtUp', data: { number, partitions } }];
      }
      case 'Compare': {
        const { number, comparison } = command;
        const { building } = state;
        if (building?.number !== number || building.partitions === null) return [];
        if (building.compared.some(({ partition }) => partition === comparison.partition)) return [];
        return [{ type: 'PartitionCompared', data: { number, ...comparison } }];
      }
      case 'ServeBuild':
        return state.building?.number === command.number
          ? [{ type: 'BuildServed', data: { number: command.number } }]
          : [];
      case 'SwitchToRebuild': {
        const { number } = command;
        if (isOver(state, number, 'switched')) return [];
        if (!isCompared(underWay(state, number))) {
          throw new Refusal('NOT_COMPARED', 'conflict', 'It is not compared yet: ask for it until it is.');
        }
        return [{ type: 'BuildServed', data: { number } }];
      }
      case 'AbandonRebuild': {
        const { number } = command;
        if (isOver(state, number, 'abandoned')) return [];
        underWay(state, number);
        return [{ type: 'BuildAbandoned', data: { number } }];
      }
    }
  },
  evolve(state, event) {
    const { serving, building } = state;
    switch (event.type) {
      case 'BuildStarted': {
        const { number, rebuilds, editions = editionsOf(1, number) } = event.data;
        const policyVersion = rebuilds === undefined ? number : (serving?.policyVersion ?? number);
        const begun = { ...event.data, editions, policyVersion, partitions: null, compared: [] };
        return { serving, started: number, building: begun, ended: ended(state, 'abandoned') };
      }
      case 'BuildCaughtUp':
        return { ...state, building: building && { ...building, partitions: event.data.partitions } };
      case 'PartitionCompared': {
        const { partition, offset, live, built } = event.data;
        const comparison = { partition, offset, live, built };
        return {
          ...state,
          building: building && { ...building, compared: [...building.compared, comparison] },
        };
      }
      case 'BuildServed':
        return { ...state, serving: building, building: null, ended: ended(state, 'switched') };
      case 'BuildAbandoned':
        return { ...state, building: null, ended: ended(state, 'abandoned') };
    }
  },
};

/** Whether each partition of a rebuild was compared. */
export function isCompared({ partitions, compared }: Building): boolean {
  return partitions !== null && compared.length >= partitions;
}

function editionsOf(version: number | OfferedVersions, build: number): ModelVersions {
  const edition = (name: FigureName): ModelVersion => ({
    version: typeof version === 'number' ? version : version[name].last,
    build,
  });
  return Object.fromEntries(figureNames.map((name) => [name, edition(name)])) as unknown as ModelVersions;
}

/**
 * False when a read model is of a version that this release has left behind. One that it does not know yet is another
 * matter: then this release is the older one, and must not touch it.
 */
function isMade({ editions }: Build, versions: OfferedVersions): boolean {
  return figureNames.every((name) => editions[name].version >= versions[name].first);
}

function servedAtOnce(
  number: number,
  { policy, timeZone }: Inputs,
  versions: OfferedVersions,
): BuildsEvent[] {
  return [started(number, { policy, timeZone }, versions), { type: 'BuildServed', data: { number } }];
}

function started(number: number, { policy, timeZone }: Inputs, versions: OfferedVersions): BuildsEvent {
  return {
    type: 'BuildStarted',
    data: { number, policy, timeZone, editions: editionsOf(versions, number) },
  };
}

function startBuild(state: BuildsState, inputs: Inputs, versions: OfferedVersions): BuildsEvent[] {
  const { serving, building } = state;
  if (serving === null) return servedAtOnce(1, inputs, versions);
  if (madeOf(serving, inputs)) {
    return building === null || building.rebuilds !== undefined
      ? []
      : [{ type: 'BuildAbandoned', data: { number: building.number } }];
  }
  if (building?.rebuilds === undefined && madeOf(building, inputs)) return [];
  return [started(state.started + 1, inputs, versions)];
}

function rebuild(state: BuildsState, model: FigureName, version: number): BuildsEvent[] {
  const { serving, building } = state;
  if (building?.rebuilds === model && building.editions[model].version === version) return [];
  if (serving === null || building !== null) {
    throw new Refusal(
      'BUILD_UNDER_WAY',
      'conflict',
      'Another build is under way: wait until it answers, or abandon it.',
    );
  }
  const number = state.started + 1;
  const { policy, timeZone } = serving;
  const editions = { ...serving.editions, [model]: { version, build: number } };
  return [{ type: 'BuildStarted', data: { number, policy, timeZone, editions, rebuilds: model } }];
}

function underWay({ building }: BuildsState, number: number): Building {
  if (building?.number === number && building.rebuilds !== undefined) return building;
  throw new Refusal('UNKNOWN_REBUILD', 'unknown', 'No rebuild of this id is under way.');
}

function isOver(state: BuildsState, number: number, outcome: Ended['outcome']): boolean {
  return state.ended.some((one) => one.number === number && one.outcome === outcome);
}

/** With the rebuild that was under way, if one was. */
function ended({ building, ended }: BuildsState, outcome: Ended['outcome']): readonly Ended[] {
  if (building?.rebuilds === undefined) return ended;
  return [...ended, { ...building, rebuilds: building.rebuilds, outcome }].slice(-endedMax);
}

function madeOf(build: StartedBuild | null, inputs: Inputs): boolean {
  if (build === null || build.timeZone !== inputs.timeZone) return false;
  const [a, b] = [build.policy, inputs.policy];
  return (
    a.windowMonths === b.windowMonths &&
    a.digital === b.digital &&
    a.qualifying.length === b.qualifying.length &&
    a.qualifying.every((kind) => b.qualifying.includes(kind))
  );
}
