import { figureModels, builds } from '@readership/analytics';
import { memoryAdapters } from '@readership/embedded';
import type { ContextParts } from '@readership/host';
import {
  modelId,
  ownEvent,
  ownRecord,
  readModelProcessor,
  type LogRecord,
  type OwnRecord,
  type Processor,
  type ReadModel,
  type ReadModels,
  type Stored,
} from '@readership/kernel';
import { contexts } from './contexts.js';
import { contentOf, type Found, type Model } from './evidence.fixture.js';
import type { Poisoned } from './injected.js';
import { firstOccurrences } from './records.js';

const takenAtOnce = 500;

/** Folds the log and each context's own events from the beginning, into every model that the contexts keep. */
export async function refolded(
  { own, records }: Pick<Found, 'own' | 'records'>,
  poisoned: readonly Poisoned[],
): Promise<readonly Model[]> {
  const adapters = memoryAdapters({ partitions: records.length });
  const log = records.map(firstOccurrences);
  const contents: Model[] = [];
  try {
    for (const parts of contexts()) {
      const { name } = parts;
      const into = adapters.readModels(name);
      const events = own.get(name) ?? [];
      const built = name === 'analytics' ? buildsOf(events).flatMap((build) => figureModels(build)) : [];
      for (const model of [...(parts.log?.models ?? []), ...built]) {
        await foldLog(model, into, log, parts, poisoned);
        contents.push(await contentOf(into, name, idOf(model)));
      }
      for (const model of parts.own?.models ?? []) {
        await foldOwn(model, into, name, events);
        contents.push(await contentOf(into, name, idOf(model)));
      }
    }
    return contents;
  } finally {
    await adapters.close();
  }
}

async function foldLog(
  model: ReadModel<any>,
  into: ReadModels,
  log: readonly (readonly LogRecord[])[],
  { log: read }: ContextParts,
  poisoned: readonly Poisoned[],
): Promise<void> {
  const processor = readModelProcessor<LogRecord, any>(model, into);
  for (const [partition, records] of log.entries()) {
    for (const some of chunks(records)) await processor.process(partition, some, read!.decode);
  }
  await mended(processor, into, poisoned, read!.decode);
}

async function foldOwn(
  model: ReadModel<any>,
  into: ReadModels,
  context: string,
  events: readonly Stored[],
): Promise<void> {
  const processor = readModelProcessor<OwnRecord, any>(model, into);
  for (let partition = 0; partition < into.partitions; partition++) {
    const records = events
      .filter((event) => event.partition === partition)
      .map((event) => ownRecord(context, event));
    for (const some of chunks(records)) await processor.process(partition, some, ownEvent);
  }
}

/** The serving build of the figures, and the one in progress. */
function buildsOf(events: readonly Stored[]) {
  const { serving, building } = events
    .filter(({ stream }) => stream.startsWith(`${builds.category}-`))
    .sort((a, b) => a.version - b.version)
    .reduce((state, event) => builds.evolve(state, event as never), builds.initial);
  return [serving, building].filter((build) => build !== null);
}

/** Gives up here what the operator gave up, and applies what waited behind it. */
async function mended(
  processor: Processor<LogRecord, any>,
  models: ReadModels,
  poisoned: readonly Poisoned[],
  decode: (record: LogRecord) => any,
): Promise<void> {
  for (const { key, partition, discarded } of poisoned) {
    if (!discarded) continue;
    const [first] = await models.parked(processor.id, partition, { key, limit: 1 });
    if (!first) continue;
    await processor.discard(partition, key, first.offset);
    await processor.replay(partition, key, async ({ record }) => record!, decode);
  }
}

function* chunks<T>(list: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < list.length; at += takenAtOnce) yield list.slice(at, at + takenAtOnce);
}

function idOf(model: ReadModel<any>): string {
  return modelId('projection' in model ? model.projection : model.tally);
}
