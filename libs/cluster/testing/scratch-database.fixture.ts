import { randomUUID } from 'node:crypto';
import mongoose from 'mongoose';
import { type Database } from '../src/mongo.js';
import { connectWithinSubset } from './subset-connection.fixture.js';
import { testServers } from './test-servers.fixture.js';

/** A database of its own, on the server of the cluster suites. */
export interface ScratchDatabase {
  readonly name: string;
  readonly database: Database;
  /** Another connection to the same data. */
  connect(): Promise<Database>;
  /** Closes every connection and removes the data. */
  remove(): Promise<void>;
}

export async function scratchDatabase(prefix: string): Promise<ScratchDatabase> {
  const name = `${prefix}-${randomUUID()}`;
  const { mongodb } = testServers();
  const opened: Database[] = [];
  const connect = async (): Promise<Database> => {
    const database = await connectWithinSubset(mongodb, name);
    opened.push(database);
    return database;
  };
  return {
    name,
    database: await connect(),
    connect,
    remove: async () => {
      await Promise.all(opened.map((database) => database.close()));
      const connection = await mongoose
        .createConnection(mongodb, { dbName: name, autoCreate: false })
        .asPromise();
      await connection.dropDatabase();
      await connection.close();
    },
  };
}
