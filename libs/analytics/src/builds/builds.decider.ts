import type { ActivityPolicy } from '@readership/contracts';
import { Refusal, type Decider } from '@readership/kernel';
import type { BuildsEvent, Comparison, ModelVersions, StartedBuild } from './builds.events.js';

/** A build that serves or will. */
export interface Build extends Omit<StartedBuild, 'editions'> {
  readonly models: ModelVersions;
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
  readonly rebuilds: string;
  readonly outcome: 'switched' | 'abandoned';
}

export interface BuildsState {
  /** How many builds were ever started. */
  readonly started: number;
  /** The build that the figures are answered from. */
  readonly serving: Build | null;
  /** The build that will serve, or may be switched to, once it has caught up. */
  readonly building: Building | null;
  /** The last rebuilds that are over, the latest last. */
  readonly ended: readonly Ended[];
}

export interface Inputs {
  readonly policy: ActivityPolicy;
  readonly timeZone: string;
}

/** Of each read model, the versions that a release can make: all from the first to the last. */
export type OfferedVersions = Readonly<Record<string, { readonly first: number; readonly last: number }>>;

export type BuildsCommand =
  /** There must be a build that serves and whose versions this release has not left behind. */
  | ({ readonly type: 'BeginServing'; readonly versions: OfferedVersions } & Inputs)
  /** The build that serves must be made of these. */
  | ({ readonly type: 'StartBuild'; readonly versions: OfferedVersions } & Inputs)
  /** The build that serves must have every read model that this release has. */
  | { readonly type: 'AddModels'; readonly versions: OfferedVersions }
  | { readonly type: 'Rebuild'; readonly model: string; readonly version: number }
  | { readonly type: 'CatchUp'; readonly number: number; readonly partitions: number }
  | { readonly type: 'Compare'; readonly number: number; readonly comparison: Comparison }
  /** A build that is not a rebuild has caught up. */
  | { readonly type: 'ServeBuild'; readonly number: number }
  | { readonly type: 'SwitchToRebuild'; readonly number: number }
  | { readonly type: 'AbandonRebuild'; readonly number: number };

const endedMax = 20;

/**
 * Which build of the figures serves, and which one is built beside it. A change of policy or time zone builds all read
 * models, a new release those that the serving build does not have yet; both serve by themselves once they have caught up.
 * A rebuild builds one read model anew, is compared with the live one, and serves when it is told to.
 */
export const builds: Decider<BuildsState, BuildsCommand, BuildsEvent> = {
  category: 'figures',
  initial: { started: 0, serving: null, building: null, ended: [] },
  decide(command, state) {
    switch (command.type) {
      case 'BeginServing': {
        const { serving } = state;
        if (serving !== null && !isLeftBehind(serving, command.versions)) return [];
        return servedAtOnce(state.started + 1, serving ?? command, command.versions);
      }
      case 'StartBuild':
        return startBuild(state, command, command.versions);
      case 'AddModels':
        return addModels(state, command.versions);
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
          throw new Refusal(
            'NOT_COMPARED',
            'conflict',
            'The rebuild is not compared yet: try again once its state is compared.',
          );
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
        const { editions = withoutVersions(event.data.number), ...started } = event.data;
        const { number, rebuilds, adds } = started;
        const isOfAnotherPolicy = rebuilds === undefined && adds === undefined;
        const policyVersion = isOfAnotherPolicy ? number : (serving?.policyVersion ?? number);
        const begun = { ...started, models: editions, policyVersion, partitions: null, compared: [] };
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

/** Names of the read models that a release has and a build does not. */
export function missingIn({ models }: Build, versions: OfferedVersions): readonly string[] {
  return Object.keys(versions).filter((name) => models[name] === undefined);
}

/** Of a build that was stored before read models had versions. */
function withoutVersions(build: number): ModelVersions {
  const first = { version: 1, build };
  return { 'reader-activity': first, volumes: first, satisfaction: first, testimonials: first };
}

/** The last version of each of these read models. */
function newest(versions: OfferedVersions, names: readonly string[], build: number): ModelVersions {
  return Object.fromEntries(names.map((name) => [name, { version: versions[name]!.last, build }]));
}

/**
 * Whether a read model is of a version that this release does not have any more. One that it does not know yet is another
 * matter: then this release is the older one, and must not touch it. One that is missing is built beside.
 */
function isLeftBehind({ models }: Build, versions: OfferedVersions): boolean {
  return Object.entries(versions).some(([name, { first }]) => (models[name]?.version ?? first) < first);
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
    data: { number, policy, timeZone, editions: newest(versions, Object.keys(versions), number) },
  };
}

function startBuild(state: BuildsState, inputs: Inputs, versions: OfferedVersions): BuildsEvent[] {
  const { serving, building } = state;
  if (serving === null) return servedAtOnce(1, inputs, versions);
  if (madeOf(serving, inputs)) {
    return building === null || madeOf(building, inputs)
      ? []
      : [{ type: 'BuildAbandoned', data: { number: building.number } }];
  }
  if (madeOf(building, inputs)) return [];
  return [started(state.started + 1, inputs, versions)];
}

function addModels({ started, serving, building }: BuildsState, versions: OfferedVersions): BuildsEvent[] {
  if (serving === null || building !== null) return [];
  const adds = missingIn(serving, versions);
  if (adds.length === 0) return [];
  const number = started + 1;
  const { policy, timeZone } = serving;
  const editions = { ...serving.models, ...newest(versions, adds, number) };
  return [{ type: 'BuildStarted', data: { number, policy, timeZone, editions, adds } }];
}

function rebuild(state: BuildsState, model: string, version: number): BuildsEvent[] {
  const { serving, building } = state;
  if (building?.rebuilds === model && building.models[model]?.version === version) return [];
  // One that does not serve yet has nothing to be compared with: it is about to be built.
  if (serving === null || building !== null || serving.models[model] === undefined) {
    throw new Refusal(
      'BUILD_UNDER_WAY',
      'conflict',
      'Another build is under way: wait until it serves, or abandon it.',
    );
  }
  const number = state.started + 1;
  const { policy, timeZone } = serving;
  const editions = { ...serving.models, [model]: { version, build: number } };
  return [{ type: 'BuildStarted', data: { number, policy, timeZone, editions, rebuilds: model } }];
}

function underWay({ building }: BuildsState, number: number): Building {
  if (building?.number === number && building.rebuilds !== undefined) return building;
  throw new Refusal('UNKNOWN_REBUILD', 'unknown', 'No rebuild with this id is under way.');
}

function isOver(state: BuildsState, number: number, outcome: Ended['outcome']): boolean {
  return state.ended.some((one) => one.number === number && one.outcome === outcome);
}

/** With the rebuild that was under way, if one was. */
function ended({ building, ended }: BuildsState, outcome: Ended['outcome']): readonly Ended[] {
  if (building?.rebuilds === undefined) return ended;
  return [...ended, { ...building, rebuilds: building.rebuilds, outcome }].slice(-endedMax);
}

function madeOf(build: Build | null, inputs: Inputs): boolean {
  if (build === null || build.timeZone !== inputs.timeZone) return false;
  const [a, b] = [build.policy, inputs.policy];
  return (
    a.windowMonths === b.windowMonths &&
    a.digital === b.digital &&
    a.qualifying.length === b.qualifying.length &&
    a.qualifying.every((kind) => b.qualifying.includes(kind))
  );
}
