import { modelId, Refusal, type ReadModel, type ReadModels } from '@readership/kernel';
import { people } from '../readership/people.tally.js';
import { readerActivity } from '../readership/reader-activity.projection.js';
import { satisfaction } from '../satisfaction/satisfaction.tally.js';
import { testimonials } from '../satisfaction/testimonials.tally.js';
import { volumes } from '../volumes/volumes.tally.js';
import type { Build, Inputs, OfferedVersions } from './builds.decider.js';
import type { FigureName } from './builds.events.js';

/** Makes a read model from the inputs of a build, by version. */
type ByVersion = Readonly<Record<number, (inputs: Inputs) => ReadModel<any>>>;

/**
 * The read models that this release can make, by version. When the same events would give other rows or cells, add a
 * version under the next number; keep the one before until every deployment has switched from it (docs/upgrades.md). A
 * new read model begins with version 1.
 */
export type Offered = Readonly<Record<FigureName, ByVersion>> & Readonly<Record<string, ByVersion>>;

export const offered: Offered = {
  'reader-activity': {
    1: ({ policy, timeZone }) => ({
      projection: readerActivity(policy, timeZone, 1),
      tallies: [people(policy, false)],
    }),
    2: ({ policy, timeZone }) => ({
      projection: readerActivity(policy, timeZone, 2),
      tallies: [people(policy, false)],
    }),
    3: ({ policy, timeZone }) => ({
      projection: readerActivity(policy, timeZone),
      tallies: [people(policy)],
    }),
  },
  volumes: {
    1: ({ timeZone }) => ({ tally: volumes(timeZone, 1) }),
    2: ({ timeZone }) => ({ tally: volumes(timeZone) }),
  },
  satisfaction: {
    1: ({ timeZone }) => ({ tally: satisfaction(timeZone, 1) }),
    2: ({ timeZone }) => ({ tally: satisfaction(timeZone, 2) }),
    3: ({ timeZone }) => ({ tally: satisfaction(timeZone) }),
  },
  testimonials: {
    1: () => ({ tally: testimonials(1) }),
    2: () => ({ tally: testimonials() }),
  },
};

/** The first version of each read model that also counts for the consortium, as all later ones do. */
const totalsSince: Readonly<Record<FigureName, number>> = {
  'reader-activity': 3,
  volumes: 2,
  satisfaction: 3,
  testimonials: 2,
};

/** True when a build's read model has counts of the consortium, under `*` as the branch. */
export function hasTotals({ models }: Build, name: FigureName): boolean {
  return (models[name]?.version ?? 0) >= totalsSince[name];
}

/** Injection token of the offered read models. */
export const OFFERED = Symbol('offered figure models');

export function versionsOf(by: Offered): OfferedVersions {
  return Object.fromEntries(
    Object.entries(by).map(([name, made]) => {
      const versions = Object.keys(made).map(Number);
      return [name, { first: Math.min(...versions), last: Math.max(...versions) }];
    }),
  );
}

/** A read model of a build, with the id under which it is stored. No other version has this id. */
export interface FigureModel {
  readonly id: string;
  readonly model: ReadModel<any>;
}

/** One read model of a build. Throws `NOT_OFFERED` when this release does not have its version. */
export function figureModel(build: Build, name: string, by: Offered): FigureModel {
  const begun = build.models[name]!;
  const make = by[name]?.[begun.version];
  if (!make) {
    throw new Refusal(
      'NOT_OFFERED',
      'not-yet',
      `The figures need ${name} version ${begun.version}, which this release does not have: start a release that has it.`,
    );
  }
  const made = make(build);
  const version = (of: { readonly version: number | string }) => `${of.version}.${begun.build}`;
  if ('tally' in made) {
    const tally = { ...made.tally, version: version(made.tally) };
    return { id: modelId(tally), model: { tally } };
  }
  const projection = { ...made.projection, version: version(made.projection) };
  return { id: modelId(projection), model: { ...made, projection } };
}

/** The read models of a build that this release knows by name. Throws `NOT_OFFERED`. */
export function modelsOf(build: Build, by: Offered): readonly FigureModel[] {
  return namesOf(build, by).map((name) => figureModel(build, name, by));
}

/** The read models that the build itself began. `null` when this release lacks one of them. */
export function begunBy(build: Build, by: Offered): readonly FigureModel[] | null {
  const names = Object.keys(build.models).filter((name) => build.models[name]!.build === build.number);
  const isOffered = names.every((name) => by[name]?.[build.models[name]!.version] !== undefined);
  return isOffered ? names.map((name) => figureModel(build, name, by)) : null;
}

/** All read models of a build, in the versions of this release. */
export function figureModels(build: Build): readonly ReadModel<any>[] {
  return modelsOf(build, offered).map(({ model }) => model);
}

/** Ids of a build's read models by name. One that the build does not have yet is absent. Throws `NOT_OFFERED`. */
export function figureIds(build: Build, by: Offered): ReadonlyMap<string, string> {
  return new Map(namesOf(build, by).map((name) => [name, figureModel(build, name, by).id]));
}

/**
 * Ids of all stored read models of the figures up to build `newest` that are not in `needed`: leftovers of a switch or
 * a crash. Newer ones belong to a build that another replica has begun since.
 */
export async function leftBehind(
  models: ReadModels,
  by: Offered,
  needed: ReadonlySet<string>,
  newest: number,
): Promise<string[]> {
  const names = Object.keys(by);
  return (await models.models()).filter(
    (id) =>
      names.some((name) => id.startsWith(`${name}.v`)) &&
      Number(id.slice(id.lastIndexOf('.') + 1)) <= newest &&
      !needed.has(id),
  );
}

function namesOf({ models }: Build, by: Offered): readonly string[] {
  return Object.keys(models).filter((name) => by[name] !== undefined);
}
