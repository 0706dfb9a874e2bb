import { connectMongo, type Database } from '../src/mongo.js';
import { outsideSubset } from './command-subset.fixture.js';

/** Connects and checks every command that is sent. `close` rejects when one was outside the subset. */
export async function connectWithinSubset(url: string, name: string): Promise<Database> {
  const outside = new Set<string>();
  const database = await connectMongo(url, name, {
    // What the driver never notices by itself must be noticed within the time that the contracts give.
    lookMaxMs: 3_000,
    watch: (command, body) => {
      for (const what of outsideSubset(command, body)) outside.add(what);
    },
  });
  return {
    ...database,
    close: async () => {
      await database.close();
      if (outside.size > 0) throw new Error(`asked of the server: ${[...outside].join(', ')}`);
    },
  };
}
