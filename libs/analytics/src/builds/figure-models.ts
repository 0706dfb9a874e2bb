import { modelId, type ReadModel, type ReadModels } from '@readership/kernel';
import { people } from '../readership/people.tally.js';
import { readerActivity } from '../readership/reader-activity.projection.js';
import { satisfaction } from '../satisfaction/satisfaction.tally.js';
import { testimonials } from '../satisfaction/testimonials.tally.js';
import { volumes } from '../volumes/volumes.tally.js';
import type { Inputs, Build, OfferedVersions } from './builds.decider.js';
import { figureNames, type ModelVersion, type FigureName } from './builds.events.js';

/** Names under which a build's read models are stored. */
export type FigureModels = Readonly<Record<FigureName, string>>;

type Made = ReadModel<any>;

/**
 * The read models that this release can make, by version. A version whose events would give other rows or cells is added
 * under the next number; the one before stays until every deployment was switched from it (docs/upgrades.md).
 */
export type Offered = Readonly<Record<FigureName, Readonly<Record<number, (inputs: Inputs) => Made>>>>;

export const offered: Offered = {
  'reader-activity': {
    1: ({ policy, timeZone }) => ({
      projection: readerActivity(policy, timeZone),
      tallies: [people(policy)],
    }),
  },
  volumes: { 1: ({ timeZone }) => ({ tally: volumes(timeZone) }) },
  satisfaction: { 1: ({ timeZone }) => ({ tally: satisfaction(timeZone) }) },
  testimonials: { 1: () => ({ tally: testimonials }) },
};

/** Where Nest finds what is offered. */
export const OFFERED = Symbol('offered figure models');

export function versionsOf(by: Offered): OfferedVersions {
  const range = (name: FigureName) => {
    const versions = Object.keys(by[name]).map(Number);
    return { first: Math.min(...versions), last: Math.max(...versions) };
  };
  return Object.fromEntries(figureNames.map((name) => [name, range(name)])) as unknown as OfferedVersions;
}

/** A build's read model is made by a version that this release does not have. */
export class NotOffered extends Error {
  override readonly name = 'NotOffered';
}

/** A read model of a build, under a name that no other edition has. Throws `NotOffered`. */
export function figureModel(
  build: Build,
  name: FigureName,
  by: Offered,
): { readonly id: string; readonly model: Made } {
  const edition = build.editions[name];
  const make = by[name][edition.version];
  if (!make) {
    throw new NotOffered(
      `The figures are served from ${name} version ${edition.version}, which this release does not have: start one that does.`,
    );
  }
  const made = make(build);
  if ('tally' in made) {
    const tally = named(made.tally, edition);
    return { id: modelId(tally), model: { tally } };
  }
  const projection = named(made.projection, edition);
  return { id: modelId(projection), model: { ...made, projection } };
}

/** All read models of a build, by the versions of this release. */
export function figureModels(build: Build): readonly ReadModel<any>[] {
  return figureNames.map((name) => figureModel(build, name, offered).model);
}

export function figureIds(build: Build, by: Offered): FigureModels {
  const ids = figureNames.map((name) => [name, figureModel(build, name, by).id]);
  return Object.fromEntries(ids) as unknown as FigureModels;
}

/**
 * Every stored edition of a figure model up to build `newest` that is none of these: what a switch or a crash left behind.
 * What is newer somebody else has begun since.
 */
export async function leftBehind(
  models: ReadModels,
  kept: ReadonlySet<string>,
  newest: number,
): Promise<string[]> {
  return (await models.models()).filter(
    (id) =>
      figureNames.some((name) => id.startsWith(`${name}.v`)) &&
      Number(id.slice(id.lastIndexOf('.') + 1)) <= newest &&
      !kept.has(id),
  );
}

function named<Model extends { readonly version: number | string }>(
  model: Model,
  { build }: ModelVersion,
): Model {
  return { ...model, version: `${model.version}.${build}` };
}
