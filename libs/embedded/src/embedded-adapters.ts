import { randomBytes } from 'node:crypto';
import {
  DeadLetters,
  type AccessStore,
  type Adapters,
  type EventStore,
  type JobQueue,
  type Publish,
  type ReadModels,
} from '@readership/kernel';
import type { TakeFailed } from './consumer-group.js';
import { DataKeys } from './data-keys.js';
import { createAccessTables, createContextTables, createLogTables } from './schema.js';
import { openDriver, type SqlDriver } from './sql-driver.js';
import { SqliteAccessStore } from './sqlite-access-store.js';
import { SqliteEventLog } from './sqlite-event-log.js';
import { SqliteEventStore } from './sqlite-event-store.js';
import { SqliteJobQueue } from './sqlite-job-queue.js';
import { SqliteReadModels } from './sqlite-read-models.js';
import { DirectWriter, type SqlWriter } from './writer.js';

export interface EmbeddedOptions {
  /** Never changes during the life of the databases; 1 by default. */
  readonly partitions?: number;
  /** The 32 bytes that wrap the data keys of personal parts. */
  readonly masterKey: Buffer;
  /** The most data keys that a context keeps in memory; 10,000 by default. */
  readonly dataKeysMax?: number;
  readonly onError?: TakeFailed;
}

/** A database as the adapters use it: a connection for reads, and a writer. */
export interface Connection {
  readonly driver: SqlDriver;
  readonly writer: SqlWriter;
}

interface Context {
  readonly connection: Connection;
  readonly keys: DataKeys;
  readonly readModels: SqliteReadModels;
  readonly jobQueue: SqliteJobQueue;
}

/** Name of the published log's database. */
export const logName = 'log';
/** Name of the access database. Every other database than these two belongs to a context. */
export const accessName = 'access';

/** Sends nothing, because there is no topic: a context keeps its dead letters itself. */
class NoTopic extends DeadLetters {
  async send(): Promise<void> {}
}

/** The ports over connections that the caller makes, one per database name, on first use. */
export class EmbeddedAdapters implements Adapters {
  readonly access: AccessStore;
  readonly eventLog: SqliteEventLog;
  readonly deadLetters: DeadLetters = new NoTopic();
  private readonly log: Connection;
  private readonly accessDatabase: Connection;
  private readonly partitions: number;
  private readonly contexts = new Map<string, Context>();

  constructor(
    private readonly connect: (name: string) => Connection,
    private readonly options: EmbeddedOptions,
  ) {
    this.partitions = options.partitions ?? 1;
    this.log = connect(logName);
    createLogTables(this.log.driver, this.partitions, logName);
    this.eventLog = new SqliteEventLog(
      this.log.driver,
      this.log.writer,
      this.partitions,
      options.onError ?? (() => {}),
    );
    this.accessDatabase = connect(accessName);
    createAccessTables(this.accessDatabase.driver, this.partitions, accessName);
    this.access = new SqliteAccessStore(this.accessDatabase.driver, this.accessDatabase.writer);
  }

  eventStore(name: string, publish: Publish<any>): EventStore {
    const { connection, keys } = this.context(name);
    return new SqliteEventStore(connection.driver, connection.writer, keys, publish, this.partitions);
  }

  readModels(name: string): ReadModels {
    return this.context(name).readModels;
  }

  jobQueue(name: string): JobQueue {
    return this.context(name).jobQueue;
  }

  async close(): Promise<void> {
    const contexts = [...this.contexts.values()];
    await Promise.all([this.eventLog.stop(), ...contexts.map(({ jobQueue }) => jobQueue.stop())]);
    const connections = [this.log, this.accessDatabase, ...contexts.map(({ connection }) => connection)];
    for (const { driver, writer } of connections) {
      await writer.close();
      driver.close();
    }
  }

  private context(name: string): Context {
    let context = this.contexts.get(name);
    if (!context) {
      if (name === logName || name === accessName) throw new RangeError(`no context is called ${name}`);
      const connection = this.connect(name);
      createContextTables(connection.driver, this.partitions, name);
      context = {
        connection,
        keys: new DataKeys(connection.driver, this.options.masterKey, this.options.dataKeysMax),
        readModels: new SqliteReadModels(connection.driver, connection.writer, this.partitions),
        jobQueue: new SqliteJobQueue(connection.driver, connection.writer),
      };
      this.contexts.set(name, context);
    }
    return context;
  }
}

/**
 * The ports over given drivers. They write in this thread, each write in one transaction, so that a test can stop
 * between any two writes, roll back, and open everything again over the same databases. `close` closes the drivers.
 */
export function adaptersOver(
  drivers: (name: string) => SqlDriver,
  options: EmbeddedOptions,
): EmbeddedAdapters {
  return new EmbeddedAdapters((name) => {
    const driver = drivers(name);
    return { driver, writer: new DirectWriter(driver) };
  }, options);
}

/** Adapters in memory, for tests. Their data is gone when they are closed. */
export function memoryAdapters(options: Partial<EmbeddedOptions> = {}): EmbeddedAdapters {
  return adaptersOver(() => openDriver(':memory:'), { masterKey: randomBytes(32), ...options });
}
