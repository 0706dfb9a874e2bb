import { outsideSubset } from './command-subset.js';
import { connectMongo, type Database } from './mongo.js';

/** For the suites: a database whose every command is watched. `close` fails when one lay outside the subset. */
export async function watchedMongo(url: string, name: string): Promise<Database> {
  const outside = new Set<string>();
  const database = await connectMongo(url, name, {
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
