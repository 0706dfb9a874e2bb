import mongoose, { type mongo } from 'mongoose';
import { MongoMonitorWatchdog } from './mongo-monitor-watchdog.js';
import { passedOn, reachable } from './reachable.js';

/** The only shape that our documents share. Hot paths use the driver's collections: casting costs 30 times as much. */
export type Doc = { _id: string };

export type Collection<D extends Doc> = mongo.Collection<D>;

/**
 * A connection to one context's database, which reads and writes with a majority of the replica set. What is asked of it
 * rejects with `Unavailable` when no server can be reached or none answers in time; of a write that rejects so nobody
 * knows whether it was done.
 */
export interface Database {
  collection<D extends Doc>(name: string): Collection<D>;
  /** Deletes it with everything in it. */
  drop(): Promise<void>;
  close(): Promise<void>;
}

export interface ConnectOptions {
  /** Longer than the driver may take to look at a server: to connect, to be greeted, or to be told news. Absent: 30 s. */
  readonly lookMaxMs?: number;
  /** Longer than an operation may take, a page of a cursor each; absent: 20 s. */
  readonly operationMs?: number;
  /** Told of every command that is sent. */
  readonly watch?: (command: string, body: Readonly<Record<string, unknown>>) => void;
}

const selectionMs = 10_000;
const connectMs = 10_000;
/** A server that hangs must not hold a request for ever: what became of a write is settled by reading it back. */
const silentMs = 30_000;

/**
 * Connects; rejects with one line, which names the servers and no password, when none answers within ten seconds. Each
 * context has a database of its own.
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

/** Whether a write met another document with the same unique key. */
export function isDuplicate(error: unknown): boolean {
  return (error as { code?: unknown }).code === 11000;
}
