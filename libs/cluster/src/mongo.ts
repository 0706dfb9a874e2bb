import mongoose, { type mongo } from 'mongoose';

/** The only shape that our documents share. Hot paths use the driver's collections: casting costs 30 times as much. */
export type Doc = { _id: string };

export type Collection<D extends Doc> = mongo.Collection<D>;

/** A connection to one context's database, which reads and writes with a majority of the replica set. */
export interface Database {
  collection<D extends Doc>(name: string): Collection<D>;
  /** Deletes everything in it. */
  drop(): Promise<void>;
  close(): Promise<void>;
}

/** Connects; rejects when no server answers within ten seconds. Each context has a database of its own. */
export async function connectMongo(url: string, database: string): Promise<Database> {
  const connection = await mongoose
    .createConnection(url, {
      dbName: database,
      serverSelectionTimeoutMS: 10_000,
      writeConcern: { w: 'majority', journal: true },
      readConcern: { level: 'majority' },
      retryWrites: false,
      autoCreate: false,
      autoIndex: false,
    })
    .asPromise();
  return {
    collection: <D extends Doc>(name: string) =>
      connection.getClient().db(database).collection(name) as unknown as Collection<D>,
    drop: async () => {
      await connection.getClient().db(database).dropDatabase();
    },
    close: () => connection.close(),
  };
}

/** Whether a write met another document with the same unique key. */
export function isDuplicate(error: unknown): boolean {
  return (error as { code?: unknown }).code === 11000;
}
