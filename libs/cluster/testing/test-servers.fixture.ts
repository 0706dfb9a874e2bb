import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where the servers of the cluster suites listen. */
export interface TestServers {
  /** `mongodb://127.0.0.1:<port>` */
  readonly mongodb: string;
  /** `127.0.0.1:<port>` */
  readonly kafka: string;
  /** `redis://127.0.0.1:<port>` */
  readonly redis: string;
}

/** What `tools/backends up` started; throws when nothing was. */
export function testServers(): TestServers {
  const folder = process.env['READERSHIP_BACKENDS_FOLDER'] ?? join(import.meta.dirname, '../../../.backends');
  try {
    return JSON.parse(readFileSync(join(folder, 'servers.json'), 'utf8')) as TestServers;
  } catch {
    throw new Error('The cluster suites need servers: run tools/backends up first.');
  }
}
