import { join } from 'node:path';
import { need } from './commands.mjs';
import { exchange } from './wire.mjs';

/** Redis with an append-only file, which keeps what it acknowledged over a SIGKILL of the process. */
export const redis = {
  name: 'redis',
  ports: ['redis'],
  survivesKill: true,

  install: () => need('redis-server', 'redis-server'),

  command: ({ folder, ports }) => [
    'redis-server',
    ...['--bind', '127.0.0.1', '--port', String(ports.redis)],
    ...['--dir', join(folder, 'data'), '--appendonly', 'yes', '--save', ''],
    ...['--maxmemory-policy', 'noeviction', '--daemonize', 'no', '--set-proc-title', 'no'],
  ],

  /** `-LOADING` is an answer too, but not yet this one. */
  answers: async ({ redis: port }) =>
    (await exchange(port, 'PING\r\n', (bytes) => bytes.includes('\r\n'))).toString() === '+PONG\r\n',

  url: ({ redis: port }) => `redis://127.0.0.1:${port}`,
};
