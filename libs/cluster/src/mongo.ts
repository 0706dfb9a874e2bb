import mongoose, { type mongo } from 'mongoose';

/** The only shape that our documents share. Hot paths use the driver's collections: casting costs 30 times as much. */
export type Doc = { _id: string };

export type Collection<D extends Doc> = mongo.Collection<D>;

/** A connection to one context's database, which reads and writes with a majority of the replica set. */
export interface Database {
  collection<D extends Doc>(name: string): Collection<D>;
  /** Deletes it with everything in it. */
  drop(): Promise<void>;
  close(): Promise<void>;
}

const selectionMs = 10_000;
const connectMs = 10_000;
/** Longer than the driver may take to look at a server: to connect, to be greeted, or to be told news. */
const lookMs = 30_000;

/** Connects; rejects when no server answers within ten seconds. Each context has a database of its own. */
export async function connectMongo(url: string, database: string, lookMaxMs = lookMs): Promise<Database> {
  const connection = await mongoose
    .createConnection(url, {
      dbName: database,
      serverSelectionTimeoutMS: selectionMs,
      connectTimeoutMS: Math.min(connectMs, lookMaxMs / 3),
      writeConcern: { w: 'majority', journal: true },
      readConcern: { level: 'majority' },
      retryWrites: false,
      autoCreate: false,
      autoIndex: false,
    })
    .asPromise();
  const client = connection.getClient();
  const lookout = new Lookout(client, lookMaxMs);
  return {
    collection: <D extends Doc>(name: string) =>
      client.db(database).collection(name) as unknown as Collection<D>,
    drop: async () => {
      await client.db(database).dropDatabase();
    },
    close: () => {
      lookout.end();
      return connection.close();
    },
  };
}

/**
 * Connects anew when the driver has stopped looking at a server. Its monitor waits for ever for a look that it began on a
 * socket which had ended a moment before, as it does when all connections end at once and the server does not stream
 * its news; from then on no operation finds a server, though it is there.
 */
class Lookout {
  private readonly looks = new Map<string, NodeJS.Timeout>();
  private ended = false;

  constructor(
    private readonly client: mongo.MongoClient,
    private readonly lookMaxMs: number,
  ) {
    const over = ({ connectionId }: { readonly connectionId: string }): void => this.over(connectionId);
    client.on('serverHeartbeatStarted', ({ connectionId }) => this.begun(connectionId));
    client.on('serverHeartbeatSucceeded', over);
    client.on('serverHeartbeatFailed', over);
    client.on('serverClosed', ({ address }) => this.over(address));
  }

  end(): void {
    this.ended = true;
    for (const server of this.looks.keys()) this.over(server);
  }

  private begun(server: string): void {
    this.over(server);
    if (this.ended) return;
    this.looks.set(server, setTimeout(() => void this.connectAnew(), this.lookMaxMs).unref());
  }

  private over(server: string): void {
    clearTimeout(this.looks.get(server));
    this.looks.delete(server);
  }

  /** Operations under way fail, as with any lost connection; those to come wait for the new one. */
  private async connectAnew(): Promise<void> {
    await this.client.close(true).catch(() => undefined);
    for (let connected = false; !connected && !this.ended;) {
      connected = await this.client.connect().then(
        () => true,
        () => false,
      );
    }
  }
}

/** Whether a write met another document with the same unique key. */
export function isDuplicate(error: unknown): boolean {
  return (error as { code?: unknown }).code === 11000;
}
