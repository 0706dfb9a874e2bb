import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AccessStore, Adapters, EventLog, EventStore, JobQueue, ReadModels } from '@readership/kernel';
import {
  accessStoreContract,
  accessStoreSaboteurs,
  around,
  caughtBy,
  contractPublish,
  eventLogContract,
  eventLogSaboteurs,
  eventStoreContract,
  eventStoreModel,
  eventStoreSaboteurs,
  jobQueueContract,
  jobQueueSaboteurs,
  readModelsContract,
  readModelsModel,
  readModelsSaboteurs,
  runCase,
  type AccessStoreFixture,
  type ContractCase,
  type EventStoreFixture,
  type Fixture,
  type JobQueueFixture,
  type Maker,
  type Saboteur,
} from '@readership/kernel/testing';
import { CommitRows } from './commit-packs.js';
import { EmbeddedAdapters, type Connection } from './embedded-adapters.js';
import { adaptersOver, DataFolder, openDriver, type SqlDriver } from './index.js';
import { DirectWriter } from './writer.js';

const masterKey = Buffer.alloc(32, 7);
const cardKey = Buffer.alloc(32, 6);
const context = 'contract';
/** Fewer data keys than a batch may have subjects. */
const dataKeysMax = 16;

/** A place for data that outlives the adapters opened on it. */
interface Place {
  open(): Promise<Adapters>;
  atRest(): Promise<Buffer>;
  /** Changes a context's database without the adapters' knowledge. */
  behind(work: (driver: SqlDriver) => void): void;
  remove(): void;
}

/**
 * Databases in memory, kept by drivers that are not closed. Opening them again replaces every object; only the data
 * stays.
 */
function inMemory(partitions: number): RefusingPlace {
  const drivers = new Map<string, SqlDriver>();
  const driver = (name: string): SqlDriver => {
    const known = drivers.get(name) ?? openDriver(':memory:');
    drivers.set(name, known);
    return {
      exec: (sql) => known.exec(sql),
      prepare: (sql) => known.prepare(sql),
      transaction: (work) => known.transaction(work),
      close: () => undefined,
    };
  };
  return {
    open: async () => adaptersOver(driver, { masterKey, partitions, dataKeysMax }),
    behind: (work) => work(drivers.get(context)!),
    atRest: async () => {
      const cells: Buffer[] = [];
      for (const known of drivers.values()) {
        for (const [table] of known.prepare(`SELECT name FROM sqlite_master WHERE type = 'table'`).all([])) {
          for (const row of known.prepare(`SELECT * FROM "${table as string}"`).all([])) {
            cells.push(...row.map((cell) => Buffer.from(cell instanceof Uint8Array ? cell : String(cell))));
          }
        }
      }
      return Buffer.concat(cells);
    },
    takesWrites: (takes) => refuse(drivers.values(), takes),
    remove: () => drivers.forEach((known) => known.close()),
  };
}

function onFiles(partitions: number): Place {
  const folder = mkdtempSync(join(tmpdir(), 'readership-contract-'));
  let held: DataFolder | undefined;
  return {
    open: () => {
      // A process that crashed holds nothing any more, whatever it was doing.
      held?.close();
      held = DataFolder.open(folder);
      return held.adapters({ masterKey, cardKey, partitions, dataKeysMax, contexts: [{ name: context }] });
    },
    behind: (work) => {
      const driver = openDriver(join(folder, `${context}.db`));
      work(driver);
      driver.close();
    },
    atRest: async () =>
      Buffer.concat(
        readdirSync(folder, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => readFileSync(join(entry.parentPath, entry.name))),
      ),
    remove: () => {
      held?.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A place whose connections refuse every write while they are told to, like a full or broken disk. */
interface RefusingPlace extends Place {
  takesWrites(takes: boolean): void;
}

function refuse(drivers: Iterable<SqlDriver>, takes: boolean): void {
  for (const driver of drivers) driver.exec(`PRAGMA query_only=${takes ? 0 : 1}`);
}

/** Files as `fileAdapters` uses them, over connections that the test can reach. */
function onConnections(partitions: number): RefusingPlace {
  const folder = mkdtempSync(join(tmpdir(), 'readership-contract-'));
  const writing = new Set<SqlDriver>();
  const connect = (name: string): Connection => {
    const path = join(folder, `${name}.db`);
    const driver = openDriver(path);
    writing.add(driver);
    return { driver: openDriver(path), writer: new DirectWriter(driver) };
  };
  return {
    open: async () => {
      writing.clear();
      return new EmbeddedAdapters(connect, { masterKey, partitions });
    },
    takesWrites: (takes) => refuse(writing, takes),
    behind: (work) => {
      const driver = openDriver(join(folder, `${context}.db`));
      work(driver);
      driver.close();
    },
    atRest: async () => Buffer.alloc(0),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Closes the adapters like a crash: work that does not end in time is abandoned. */
async function closed(adapters: Adapters): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([adapters.close(), new Promise((resolve) => (timer = setTimeout(resolve, 400)))]);
  clearTimeout(timer);
}

function maker<Port>(
  placeOf: (partitions: number) => Place,
  partitions: number,
  port: (adapters: Adapters) => Port,
): Maker<Fixture<Port> & Omit<EventStoreFixture, 'port'>> {
  return async () => {
    const place = placeOf(partitions);
    let adapters = await place.open();
    let current = port(adapters);
    return {
      partitions,
      get port() {
        return current;
      },
      reopen: async () => {
        await closed(adapters);
        adapters = await place.open();
        current = port(adapters);
      },
      atRest: () => place.atRest(),
      replaceKey: async (subject, wrapped) =>
        place.behind((driver) => {
          if (wrapped === null) driver.prepare('DELETE FROM keys WHERE subject = ?').run([subject]);
          else driver.prepare('UPDATE keys SET wrapped = ? WHERE subject = ?').run([wrapped, subject]);
        }),
      rewrite: async (stream, change) =>
        place.behind((driver) => {
          const update = driver.prepare('UPDATE commits SET body = ? WHERE id = ?');
          // Each row alone, because those beside it in a pack stay as they are.
          for (const [id, , of, , , , , body] of [...new CommitRows(driver).all()])
            update.run([of === stream ? change(body as string) : body!, id!]);
        }),
      close: async () => {
        await closed(adapters);
        place.remove();
      },
    };
  };
}

const store = (adapters: Adapters): EventStore => adapters.eventStore(context, contractPublish);
const log = (adapters: Adapters): EventLog => adapters.eventLog;
const models = (adapters: Adapters): ReadModels => adapters.readModels(context);

function jobQueues(
  placeOf: (partitions: number) => RefusingPlace,
  partitions: number,
): Maker<JobQueueFixture> {
  return async () => {
    const place = placeOf(partitions);
    const inner = await maker(
      () => place,
      partitions,
      (adapters): JobQueue => adapters.jobQueue(context),
    )();
    return around<JobQueueFixture>(inner as unknown as JobQueueFixture, {
      takesWrites: (takes) => place.takesWrites(takes),
    });
  };
}

function accessStores(placeOf: (partitions: number) => Place): Maker<AccessStoreFixture> {
  return async () => {
    const inner = await maker(placeOf, 1, ({ access }): AccessStore => access)();
    return around<AccessStoreFixture>(inner as unknown as AccessStoreFixture, {
      // No other process can open the folder, so everybody in this one has the same store.
      other: async () => inner.port,
    });
  };
}

function keeps<Port extends object, F extends Fixture<Port>>(
  what: string,
  make: Maker<F>,
  suite: readonly ContractCase<F>[],
): void {
  describe(what, () => {
    for (const one of suite) it(one.name, () => runCase(make, one));
  });
}

function notices<Port extends object, F extends Fixture<Port>>(
  what: string,
  make: Maker<F>,
  suite: readonly ContractCase<F>[],
  saboteurs: readonly Saboteur<Port>[],
): void {
  describe(`${what} notices one that`, () => {
    for (const saboteur of saboteurs) {
      it(saboteur.name, async () =>
        expect(await caughtBy<Port, F>(suite, make, saboteur)).toBe(saboteur.breaks),
      );
    }
  });
}

const places = {
  'in memory': { place: inMemory, refusing: inMemory },
  'on files': { place: onFiles, refusing: onConnections },
};

for (const [where, { place, refusing }] of Object.entries(places)) {
  for (const partitions of [1, 3]) {
    describe(`${where} with ${partitions === 1 ? 'one partition' : `${partitions} partitions`}`, () => {
      keeps('the event store', maker(place, partitions, store), eventStoreContract);
      keeps('the event log', maker(place, partitions, log), eventLogContract);
      keeps('the read models', maker(place, partitions, models), readModelsContract);
      keeps('the job queue', jobQueues(refusing, partitions), jobQueueContract);

      const runs = place === inMemory ? 100 : 10;
      it('the event store agrees with a list of commits over random histories', () =>
        eventStoreModel(maker(place, partitions, store), { runs }));
      it('the read models agree with maps over random histories', () =>
        readModelsModel(maker(place, partitions, models), { runs }));
    });
  }
}

describe.each(Object.entries(places))('%s', (_, { place }) => {
  keeps('the access database', accessStores(place), accessStoreContract);
});

describe('the suite', () => {
  notices('of the access database', accessStores(inMemory), accessStoreContract, accessStoreSaboteurs);
  notices('of the event store', maker(inMemory, 3, store), eventStoreContract, eventStoreSaboteurs);
  notices('of the event log', maker(inMemory, 1, log), eventLogContract, eventLogSaboteurs);
  notices('of the read models', maker(inMemory, 3, models), readModelsContract, readModelsSaboteurs);
  notices('of the job queue', jobQueues(inMemory, 1), jobQueueContract, jobQueueSaboteurs);
});
