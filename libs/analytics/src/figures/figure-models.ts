import { modelId, type ReadModel, type ReadModels } from '@readership/kernel';
import { people } from '../readership/people.tally.js';
import { readerActivity } from '../readership/reader-activity.projection.js';
import { satisfaction } from '../satisfaction/satisfaction.tally.js';
import { testimonials } from '../satisfaction/testimonials.tally.js';
import { volumes } from '../volumes/volumes.tally.js';
import type { Build } from './figures.events.js';

/** Names under which a build's read models are stored. */
export interface FigureModels {
  readonly people: string;
  readonly volumes: string;
  readonly satisfaction: string;
  readonly testimonials: string;
}

/** The version of a build's model carries the build's number, so that two builds never share one. */
function of<Model extends { readonly version: number | string }>(build: Build, model: Model): Model {
  return { ...model, version: `${model.version}.${build.number}` };
}

/** The read models that policy and time zone are inputs of. */
export function figureModels(build: Build): {
  readonly models: readonly ReadModel<any>[];
  readonly ids: FigureModels;
} {
  const { policy, timeZone } = build;
  const activity = of(build, readerActivity(policy, timeZone));
  const volume = of(build, volumes(timeZone));
  const answers = of(build, satisfaction(timeZone));
  const received = of(build, testimonials);
  return {
    models: [
      { projection: activity, tallies: [people(policy)] },
      { tally: volume },
      { tally: answers },
      { tally: received },
    ],
    ids: {
      people: modelId(activity),
      volumes: modelId(volume),
      satisfaction: modelId(answers),
      testimonials: modelId(received),
    },
  };
}

/**
 * Every stored model of a build up to number `newest` that is none of these: what a change of build or a crash left
 * behind. What is newer somebody else has begun since.
 */
export async function leftBehind(
  models: ReadModels,
  kept: readonly Build[],
  newest: number,
): Promise<string[]> {
  const names = kept.flatMap((build) => Object.values<string>({ ...figureModels(build).ids }));
  const families = new Set(
    Object.values<string>({
      ...figureModels({ number: 0, policy: kept[0]!.policy, timeZone: kept[0]!.timeZone }).ids,
    }).map((name) => name.slice(0, name.indexOf('.') + 2)),
  );
  return (await models.models()).filter(
    (name) =>
      families.has(name.slice(0, name.indexOf('.') + 2)) &&
      Number(name.slice(name.lastIndexOf('.') + 1)) <= newest &&
      !names.includes(name),
  );
}
