import { costs, directory, figureModels, figures, spending } from '@readership/analytics';
import { decodeFact } from '@readership/contracts';
import { memoryAdapters } from '@readership/embedded';
import { consortium, knownBranches, surveysList, testimonialsList } from '@readership/feedback';
import { branches as branchesSeen, referenced, references } from '@readership/interaction-log';
import {
  modelId,
  ownEvent,
  ownRecord,
  Runner,
  type LogRecord,
  type OwnRecord,
  type ReadModel,
  type ReadModels,
  type Stored,
} from '@readership/kernel';
import { branches, libraries, patronSearch } from '@readership/patron-profile';
import { contentOf, type Found, type Model } from './evidence.js';
import type { Poisoned } from './injected.js';
import { firstOccurrences } from './records.js';

const takenAtOnce = 500;

/** Folds the log and each context's own order anew, from nothing, with the contexts' own projections. */
export async function refolded(
  { own, records }: Pick<Found, 'own' | 'records'>,
  poisoned: readonly Poisoned[],
): Promise<readonly Model[]> {
  const partitions = records.length;
  const adapters = memoryAdapters({ partitions });
  const contents: Model[] = [];
  const seen = records.map(firstOccurrences);
  try {
    for (const [context, models] of Object.entries(logModels(own.get('analytics') ?? []))) {
      for (const model of models) {
        const into = adapters.readModels(context);
        const runner = new Runner<LogRecord, any>(model, into);
        for (const [partition, ofPartition] of seen.entries()) {
          for (const some of chunks(ofPartition)) await runner.take(partition, some, decodeFact);
        }
        await mended(runner, into, poisoned);
        contents.push(await contentOf(into, context, idOf(model)));
      }
    }
    for (const [context, models] of Object.entries(ownModels)) {
      const events = own.get(context) ?? [];
      for (const model of models) {
        const into = adapters.readModels(context);
        const runner = new Runner<OwnRecord, any>(model, into);
        for (let partition = 0; partition < partitions; partition++) {
          const ofPartition = events.filter((event) => event.partition === partition);
          for (const some of chunks(ofPartition)) {
            await runner.take(
              partition,
              some.map((event) => ownRecord(context, event)),
              ownEvent,
            );
          }
        }
        contents.push(await contentOf(into, context, idOf(model)));
      }
    }
    return contents;
  } finally {
    await adapters.close();
  }
}

/** The build of the figures that analytics decided to answer from, and the one on its way. */
function builds(own: readonly Stored[]) {
  const decided = own
    .filter(({ stream }) => stream.startsWith(`${figures.category}-`))
    .sort((a, b) => a.version - b.version);
  const { serving, building } = decided.reduce(
    (state, event) => figures.evolve(state, event as never),
    figures.initial,
  );
  return [serving, building].filter((build) => build !== null);
}

function logModels(analytics: readonly Stored[]): Readonly<Record<string, readonly ReadModel<any>[]>> {
  return {
    'interaction-log': [{ projection: branchesSeen }, { projection: references }, { projection: referenced }],
    feedback: [{ projection: knownBranches }, { projection: consortium }],
    analytics: [
      { projection: directory },
      { projection: costs, tallies: [spending] },
      ...builds(analytics).flatMap((build) => figureModels(build).models),
    ],
  };
}

const ownModels: Readonly<Record<string, readonly ReadModel<any>[]>> = {
  'patron-profile': [{ projection: patronSearch }, { projection: libraries }, { projection: branches }],
  feedback: [{ projection: surveysList }, { projection: testimonialsList }],
};

/** What the operator gave up is given up here too, and what waited behind it is applied. */
async function mended(
  runner: Runner<LogRecord, any>,
  models: ReadModels,
  poisoned: readonly Poisoned[],
): Promise<void> {
  for (const { key, partition, discarded } of poisoned) {
    if (!discarded) continue;
    const parked = await models.parked(runner.id, partition, { key, limit: 1 });
    if (parked.length === 0) continue;
    await runner.discard(partition, key);
    await runner.replay(partition, key, async ({ record }) => record!, decodeFact);
  }
}

function* chunks<T>(list: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < list.length; at += takenAtOnce) yield list.slice(at, at + takenAtOnce);
}

function idOf(model: ReadModel<any>): string {
  return modelId('projection' in model ? model.projection : model.tally);
}
