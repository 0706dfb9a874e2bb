import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

// Below the range that systems lend to outgoing connections: a client that tries again and again for a server that is down
// would else be lent that very port one day, talk to itself, and keep the server from coming back.
const lowest = 20_000;
const highest = 29_999;

/** The ports that the servers of a folder were given, by name. */
export function portsOf(folder) {
  const file = join(folder, 'ports.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
}

/** Gives each of the names a free port, the one it had before where nobody took it meanwhile, and keeps them. */
export async function claimPorts(folder, names) {
  const ports = portsOf(folder);
  for (const name of names) {
    const taken = Object.entries(ports).flatMap(([other, port]) => (other === name ? [] : [port]));
    ports[name] = await freePort(taken, ports[name]);
  }
  writeFileSync(join(folder, 'ports.json'), JSON.stringify(ports));
  return ports;
}

async function freePort(taken, first) {
  for (let tries = 0; tries < 100; tries += 1) {
    const port =
      tries === 0 && first !== undefined
        ? first
        : lowest + Math.floor(Math.random() * (highest - lowest + 1));
    if (!taken.includes(port) && (await isFree(port))) return port;
  }
  throw new Error(`There is no free port from ${lowest} to ${highest}.`);
}

function isFree(port) {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
