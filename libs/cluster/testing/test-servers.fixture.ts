import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The addresses of the servers of the cluster suites. */
export interface TestServers {
  /** `mongodb://127.0.0.1:<port>` */
  readonly mongodb: string;
  /** `127.0.0.1:<port>` */
  readonly kafka: string;
  /** `redis://127.0.0.1:<port>` */
  readonly redis: string;
}

/** The servers that `tools/backends up` started. Throws when there are none. */
export function testServers(): TestServers {
  const folder = process.env['READERSHIP_BACKENDS_FOLDER'] ?? join(import.meta.dirname, '../../../.backends');
  try {
    return JSON.parse(readFileSync(join(folder, 'servers.json'), 'utf8')) as TestServers;
  } catch {
    throw new Error('The cluster suites need servers: run tools/backends up first.');
  }
}
