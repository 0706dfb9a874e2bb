import { interaction } from '@readership/interaction-log';
import {
  fold,
  modelId,
  ProcessorGroup,
  readModelProcessor,
  Stale,
  ownEvent,
  type LogRecord,
  type ReadModel,
  type ReadModels,
} from '@readership/kernel';
import { adaptersOver, openDriver, type SqlDriver } from '@readership/embedded';
import { decodeFact } from '@readership/contracts';
import { Crash, Life } from './crashing-driver.js';
import { Databases, Known, logModels, ownModels, Process, type Sabotage } from './process.js';
import { Chance, scriptOf, type Wish } from './script.js';

const crashesMax = 5;
const everything = 1_000_000;

/** What two runs of one script must agree in. */
interface Ended {
  readonly answers: readonly string[];
  /** Who holds each interaction, by a name that does not depend on the run. */
  readonly holders: readonly string[];
  readonly cells: readonly string[];
}

/** Runs the history of a seed with stops, repetitions and races, and once without. Returns what is wrong. */
export async function simulate(seed: number, sabotage: Sabotage = {}): Promise<readonly string[]> {
  const chance = new Chance(seed);
  const script = scriptOf(chance);
  const partitions = seed % 2 === 0 ? 1 : 3;
  const wrong: string[] = [];
  const undisturbed = await ran(script, partitions, null, {}, wrong);
  const disturbed = await ran(script, partitions, chance, sabotage, wrong);
  for (const part of ['answers', 'holders', 'cells'] as const) {
    const [expected, found] = [undisturbed[part], disturbed[part]];
    if (expected.join('\n') !== found.join('\n')) {
      const at = expected.findIndex((each, index) => each !== found[index]);
      wrong.push(`${part}: ${found[at] ?? found[expected.length]} instead of ${expected[at] ?? 'nothing'}`);
    }
  }
  return wrong;
}

async function ran(
  script: readonly Wish[],
  partitions: number,
  chance: Chance | null,
  sabotage: Sabotage,
  wrong: string[],
): Promise<Ended> {
  const databases = new Databases();
  try {
    const known = new Known();
    const answers: string[] = [];
    const first = new Process(databases, new Life(Infinity), partitions, sabotage);
    await first.addBranches();
    await drain(first);
    let process = chance === null ? first : null;
    for (let crashes = 0; ;) {
      const places = chance === null || crashes >= crashesMax ? Infinity : chance.int(1, 150);
      try {
        process ??= new Process(databases, new Life(places), partitions, sabotage);
        while (answers.length < script.length) {
          if (chance !== null && chance.odds(0.75)) {
            await background(process, chance);
          } else {
            answers.push(await process.ask(script[answers.length]!, answers.length, known));
          }
        }
        await drain(process);
        break;
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
        crashes++;
        process = null;
      }
    }
    // The checks are made by a new process that has only the databases.
    const after = chance === null ? first : new Process(databases, new Life(Infinity), partitions);
    if (chance !== null)
      wrong.push(...(await accounts(after)), ...recordedTwice(after), ...(await rebuilt(after, databases)));
    return { answers, holders: await holders(after, known), cells: await tallied(after) };
  } finally {
    databases.close();
  }
}

/** One step of the background work, sometimes with records that were already taken. */
async function background(process: Process, chance: Chance): Promise<void> {
  const op = chance.int(1, 11);
  if (op <= 4) {
    await chance.pick(process.relays).step();
  } else if (op <= 9) {
    const group = chance.pick(chance.pick(Object.values(process.groups)));
    const partition = chance.int(0, process.partitions - 1);
    const start = await group.start(partition);
    // Back by a few, or to the beginning, so that taken records are delivered again.
    const back = chance.odds(0.6) ? 0 : chance.odds(0.3) ? start : chance.int(0, 5);
    await take(process, group, partition, Math.max(0, start - back), chance.int(1, 12));
  } else if (op === 10) {
    await process.runJob();
  } else {
    await unlessStale(() => process.feed.step(chance.int(0, process.partitions - 1)));
  }
}

async function take(
  { adapters }: Process,
  group: ProcessorGroup<LogRecord, any>,
  partition: number,
  after: number,
  limit: number,
): Promise<number> {
  const records = adapters.eventLog.read(partition, after, limit);
  if (records.length > 0) await unlessStale(() => group.process(partition, records));
  return records.length;
}

/** Ignores `Stale`: another owner was faster, and this one begins again at the checkpoint. */
async function unlessStale(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Stale)) throw error;
  }
}

/** Runs until no work is left. */
async function drain(process: Process): Promise<void> {
  for (let busy = true, rounds = 0; busy; rounds++) {
    if (rounds > 1000) throw new Error('it never comes to rest');
    busy = false;
    if (await process.runJob()) busy = true;
    for (const relay of process.relays) while ((await relay.step()) > 0) busy = true;
    for (let partition = 0; partition < process.partitions; partition++) {
      while ((await process.feed.step(partition)) > 0) busy = true;
      for (const [group] of Object.values(process.groups)) {
        const start = await group!.start(partition);
        if ((await take(process, group!, partition, start, 500)) > 0) busy = true;
      }
    }
  }
}

/** Checks PROTOCOL §6 at rest. */
async function accounts(process: Process): Promise<string[]> {
  const wrong: string[] = [];
  const log = process.adapters.eventLog;
  const stores = { 'patron-profile': process.patrons, 'interaction-log': process.interactions };
  for (let partition = 0; partition < process.partitions; partition++) {
    const counted = await log.account(partition);
    const published = (of?: string) =>
      counted.reduce(
        (sum, { context, records }) => sum + (of === undefined || of === context ? records : 0),
        0,
      );
    for (const [context, store] of Object.entries(stores)) {
      const { recorded, privateOnly } = await store.account(partition);
      if (recorded !== published(context) + privateOnly)
        wrong.push(`${context}/${partition}: ${recorded} ≠ ${published(context)} + ${privateOnly}`);
    }
    const check = async (models: ReadModels, name: string, total: number) => {
      const { applied, skipped, parked } = await models.checkpoint(name, partition);
      if (parked !== 0 || applied + skipped !== total)
        wrong.push(`${name}/${partition}: ${total} ≠ ${applied} + ${skipped}, ${parked} parked`);
    };
    for (const [context, groups] of Object.entries(process.groups)) {
      const models = process.adapters.readModels(context);
      for (const { id } of groups[0]!.processors) await check(models, id, published());
    }
    const { recorded } = await process.patrons.account(partition);
    const own = process.adapters.readModels('patron-profile');
    for (const model of ownModels) await check(own, idOf(model), recorded);
  }
  return wrong;
}

function records({ adapters, partitions }: Process): LogRecord[] {
  return Array.from({ length: partitions }, (_, partition) =>
    adapters.eventLog.read(partition, 0, everything),
  ).flat();
}

function recordedTwice(process: Process): string[] {
  const seen = new Set<string>();
  const ids = new Set<string>();
  const wrong: string[] = [];
  for (const { type, stream, id } of records(process)) {
    if (ids.has(id)) wrong.push(`${type} of ${stream} was published twice`);
    ids.add(id);
    if (type !== 'InteractionRecorded') continue;
    if (seen.has(stream)) wrong.push(`${stream} was recorded twice`);
    seen.add(stream);
  }
  return wrong;
}

/** Compares rows and cells with those of new processors that take everything in one window. */
async function rebuilt(process: Process, databases: Databases): Promise<string[]> {
  const { partitions, adapters, patrons } = process;
  const wrong: string[] = [];
  const fresh = new Map<string, SqlDriver>();
  const driver = (name: string): SqlDriver => {
    if (!fresh.has(name)) fresh.set(name, openDriver(':memory:'));
    return fresh.get(name)!;
  };
  // Model names are unique over all contexts, so one database holds them all.
  const models = adaptersOver(driver, { masterKey: Buffer.alloc(32), partitions }).readModels('anew');
  const check = (context: string, model: ReadModel<any>) => {
    const [live, again] = [databases.driver(context), driver('anew')].map((each) =>
      stored(each, idOf(model)),
    );
    if (live !== again) wrong.push(`${idOf(model)} is not what a rebuild gives: ${live} but ${again}`);
  };
  for (const [context, of] of Object.entries(logModels)) {
    const processors = of.map((model) => readModelProcessor<LogRecord, any>(model, models));
    const group = new ProcessorGroup<LogRecord, any>(processors, decodeFact);
    for (let partition = 0; partition < partitions; partition++)
      await group.process(partition, adapters.eventLog.read(partition, 0, everything));
    for (const model of of) check(context, model);
  }
  const processors = ownModels.map((model) => readModelProcessor<any, any>(model, models));
  for (let partition = 0; partition < partitions; partition++) {
    const events = await patrons.readPage(partition, 0, everything);
    const own = events.map((event) => ({
      ...{ offset: event.position, context: 'patron-profile', position: event.position },
      ...{ key: event.key, type: event.type, recordedAt: event.recordedAt, event },
    }));
    for (const processor of processors) await processor.process(partition, own, ownEvent);
  }
  for (const model of ownModels) check('patron-profile', model);
  for (const each of fresh.values()) each.close();
  return wrong;
}

/** Everything that is stored of a model, as text. */
function stored(driver: SqlDriver, model: string): string {
  const of = 'WHERE model = (SELECT id FROM models WHERE name = ?) ORDER BY';
  const rows = driver.prepare(`SELECT key, body, entries FROM rows ${of} key`).all([model]);
  const entries = driver.prepare(`SELECT name, value, key FROM entries ${of} name, value, key`).all([model]);
  const cells = driver.prepare(`SELECT cell, partition, n FROM cells ${of} cell, partition`).all([model]);
  return JSON.stringify({ rows, entries, cells: cells.filter(([, , n]) => n !== 0) });
}

async function holders(process: Process, known: Known): Promise<string[]> {
  const found: string[] = [];
  for (const [item, id] of known.items) {
    const { state } = await fold(process.interactions, interaction, id);
    if (state.status === 'unknown') found.push(`${item}: lost`);
    else found.push(`${item}: ${state.status} ${known.named.get(state.holder) ?? state.holder}`);
  }
  return found;
}

async function tallied({ adapters }: Process): Promise<string[]> {
  const found: string[] = [];
  for (const model of logModels['analytics']!) {
    const cells = await adapters.readModels('analytics').cells(idOf(model), [{ from: '', to: '\uffff' }]);
    for (const [cell, n] of cells) if (n !== 0) found.push(`${cell} = ${n}`);
  }
  return found.sort();
}

function idOf(model: ReadModel<any>): string {
  return modelId('projection' in model ? model.projection : model.tally);
}
