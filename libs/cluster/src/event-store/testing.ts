import { randomBytes } from 'node:crypto';
import mongoose from 'mongoose';
import { backends } from '../backends.js';
import { connectMongo, type Database } from '../mongo.js';
import { prepareEventStore } from './event-documents.js';

/** A database of its own on the server of the cluster suites. */
export interface TestDatabase {
  /** A connection of its own. */
  connect(): Promise<Database>;
  /** Every document of the event store. */
  bytes(): Promise<Buffer>;
  /** Ends all connections and removes the data. */
  drop(): Promise<void>;
}

export async function testDatabase(partitions: number): Promise<TestDatabase> {
  const name = `store-${randomBytes(6).toString('hex')}`;
  const opened: Database[] = [];
  const connect = async () => {
    const database = await connectMongo(backends().mongodb, name);
    opened.push(database);
    return database;
  };
  const first = await connect();
  await prepareEventStore(first, partitions);
  return {
    connect,
    bytes: async () => {
      const names = ['commits', 'pages', 'keys', 'settings'];
      const all = await Promise.all(names.map((each) => first.collection(each).find({}).toArray()));
      return Buffer.from(JSON.stringify(all));
    },
    drop: async () => {
      await Promise.all(opened.map((database) => database.close()));
      const connection = await mongoose
        .createConnection(backends().mongodb, { dbName: name, autoCreate: false })
        .asPromise();
      await connection.dropDatabase();
      await connection.close();
    },
  };
}
