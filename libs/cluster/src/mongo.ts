import mongoose, { type mongo } from 'mongoose';
import { MongoMonitorWatchdog } from './mongo-monitor-watchdog.js';
import { passedOn, reachable } from './reachable.js';

/**
 * The only field that all our documents have. Hot paths use the driver's collections, because casting costs 30 times as
 * much.
 */
export type Doc = { _id: string };

export type Collection<D extends Doc> = mongo.Collection<D>;

/**
 * A connection to one context's database, which reads and writes with a majority of the replica set. An operation
 * rejects with `Unavailable` when no server can be reached or none answers in time. It is not known whether a write
 * that rejects so was done.
 */
export interface Database {
  collection<D extends Doc>(name: string): Collection<D>;
  /** Deletes the database with everything in it. */
  drop(): Promise<void>;
  close(): Promise<void>;
}

export interface ConnectOptions {
  /**
   * Must be longer than the driver may take for a check of a server, which includes connecting, the handshake and
   * streamed updates. 30 s by default.
   */
  readonly lookMaxMs?: number;
  /** The longest that an operation, or a page of a cursor, may take; 20 s by default. */
  readonly operationMs?: number;
  /** Called with every command that is sent. */
  readonly watch?: (command: string, body: Readonly<Record<string, unknown>>) => void;
}

const selectionMs = 10_000;
const connectMs = 10_000;
/** A hanging server must not hold a request for ever. The outcome of a write is settled by reading back. */
const silentMs = 30_000;

/**
 * Connects. Rejects with one line that names the servers and no password when none answers within ten seconds. Each
 * context has its own database.
 */
export async function connectMongo(
  url: string,
  database: string,
  { lookMaxMs = 30_000, operationMs = 20_000, watch }: ConnectOptions = {},
): Promise<Database> {
  const connection = await mongoose
    .createConnection(url, {
      dbName: database,
      serverSelectionTimeoutMS: selectionMs,
      connectTimeoutMS: Math.min(connectMs, lookMaxMs / 3),
      socketTimeoutMS: silentMs,
      writeConcern: { w: 'majority', journal: true },
      readConcern: { level: 'majority' },
      retryWrites: false,
      autoCreate: false,
      autoIndex: false,
      monitorCommands: watch !== undefined,
    })
    .asPromise()
    .catch((error: Error) => {
      throw new Error(`MongoDB at ${hostsOf(url)}: ${error.message}`);
    });
  const client = connection.getClient();
  if (watch) client.on('commandStarted', ({ commandName, command }) => watch(commandName, command));
  const watchdog = new MongoMonitorWatchdog(client, lookMaxMs);
  return {
    collection: <D extends Doc>(name: string) =>
      reachable(client.db(database).collection(name) as unknown as Collection<D>, operationMs),
    drop: async () => {
      await passedOn(client.db(database).dropDatabase());
    },
    close: () => {
      watchdog.end();
      return connection.close();
    },
  };
}

function hostsOf(url: string): string {
  return /^[^/]+\/\/(?:[^@/]*@)?([^/?]*)/.exec(url)?.[1] ?? '';
}

/** True when a write met another document with the same unique key. */
export function isDuplicate(error: unknown): boolean {
  return (error as { code?: unknown }).code === 11000;
}
