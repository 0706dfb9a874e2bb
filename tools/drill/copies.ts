import type { ClusterServers } from '@readership/cluster';
import type { KafkaMessage } from 'kafkajs';
import mongoose, { type mongo } from 'mongoose';
import { setTimeout as pause } from 'node:timers/promises';
import type { Topic } from '../faults/topic.js';

/** The documents of a database, by collection. */
export type DatabaseCopy = ReadonlyMap<string, readonly mongo.Document[]>;

/** The records of a topic, by partition, in order. */
export type TopicCopy = readonly (readonly KafkaMessage[])[];

const insertedAtOnce = 100;
const sentAtOnce = 500;
const gonePollMs = 100;
const gonePollsMax = 100;

/** The databases of a deployment, copied document by document, as a dump does. */
export class Databases {
  private constructor(
    private readonly connection: mongoose.Connection,
    private readonly servers: ClusterServers,
  ) {}

  static async of(servers: ClusterServers): Promise<Databases> {
    return new Databases(await mongoose.createConnection(servers.mongoUrl).asPromise(), servers);
  }

  /** Copies a database. It is one point in time only when nobody writes meanwhile. */
  async copy(context: string): Promise<DatabaseCopy> {
    const database = this.database(context);
    const copied = new Map<string, readonly mongo.Document[]>();
    for (const { name } of await database.listCollections().toArray()) {
      copied.set(name, await database.collection(name).find().toArray());
    }
    return copied;
  }

  /** Replaces the documents with those of a copy. Indexes stay. */
  async put(context: string, copy: DatabaseCopy): Promise<void> {
    const database = this.database(context);
    for (const { name } of await database.listCollections().toArray()) {
      await database.collection(name).deleteMany({});
    }
    for (const [name, documents] of copy) {
      for (let at = 0; at < documents.length; at += insertedAtOnce) {
        await database.collection(name).insertMany(documents.slice(at, at + insertedAtOnce));
      }
    }
  }

  /** Drops everything that is folded from the log and from the context's own events. */
  async dropReadModels(context: string): Promise<void> {
    const database = this.database(context);
    for (const name of ['model_rows', 'model_entries', 'model_cells'])
      await database.collection(name).deleteMany({});
    const ofModels = { _id: { $not: /^reaction\./ } } as object;
    for (const name of ['model_heads', 'model_parked']) await database.collection(name).deleteMany(ofModels);
  }

  close(): Promise<void> {
    return this.connection.close();
  }

  private database(context: string): mongo.Db {
    return this.connection.getClient().db(`${this.servers.namespace}-${context}`);
  }
}

/** Sends the records of a copy to an empty topic, each to its partition, so that they get the same offsets. */
export async function putTopic(topic: Topic, copy: TopicCopy): Promise<void> {
  for (const [partition, messages] of copy.entries()) {
    for (let at = 0; at < messages.length; at += sentAtOnce) {
      const some = messages.slice(at, at + sentAtOnce);
      await topic.send(
        some.map(({ key, value, headers = {}, timestamp }) => ({
          partition,
          key,
          value,
          headers,
          timestamp,
        })),
      );
    }
  }
}

/** Retries for a short time, because a deleted topic disappears a little later. */
export async function soon<T>(work: () => Promise<T>): Promise<T> {
  for (let polls = 1; ; polls++) {
    try {
      return await work();
    } catch (error) {
      if (polls === gonePollsMax) throw error;
      await pause(gonePollMs);
    }
  }
}
