import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Unavailable } from './commands.mjs';
import { kafka } from './kafka.mjs';
import { mongodb } from './mongodb.mjs';
import { claimPorts, portsOf } from './ports.mjs';
import { answering, end, launch, processOf } from './processes.mjs';
import { redis } from './redis.mjs';

const servers = [kafka, mongodb, redis];
const root = join(import.meta.dirname, '../..');

/** Where data, logs, process ids and `servers.json` lie. */
export function defaultFolder() {
  return resolve(process.env.READERSHIP_BACKENDS_FOLDER ?? join(root, '.backends'));
}

function cache() {
  return resolve(process.env.READERSHIP_BACKENDS_CACHE ?? join(root, '.backends/cache'));
}

function named(name) {
  const server = servers.find((each) => each.name === name);
  if (!server) throw new Unavailable(`No server is called ${name}: ${servers.map((each) => each.name).join(', ')}.`);
  return server;
}

const home = (folder, server) => join(folder, server.name);

/** Starts what does not run, on ports of its own, and names the addresses in `servers.json` once each server has answered a request. */
export async function up({ folder = defaultFolder(), say = () => {} } = {}) {
  mkdirSync(folder, { recursive: true });
  const stopped = servers.filter((server) => processOf(home(folder, server)) === undefined);
  const installed = new Map();
  for (const server of stopped) installed.set(server, await server.install(cache()));
  const ports = await claimPorts(
    folder,
    stopped.flatMap((server) => server.ports),
  );
  const outcomes = await Promise.allSettled(
    servers.map(async (server) => {
      const from = Date.now();
      if (stopped.includes(server)) await begin(folder, server, ports, installed.get(server));
      else await answering(server.name, home(folder, server), () => server.answers(ports));
      const how = stopped.includes(server) ? `answers after ${((Date.now() - from) / 1000).toFixed(1)} s` : 'is up';
      say(`${server.name}: ${server.url(ports)} ${how}`);
    }),
  );
  const failed = outcomes.find(({ status }) => status === 'rejected');
  if (failed) throw failed.reason;
  const addresses = Object.fromEntries(servers.map((server) => [server.name, server.url(ports)]));
  const unfinished = join(folder, `.servers-${process.pid}.json`);
  writeFileSync(unfinished, `${JSON.stringify(addresses)}\n`);
  renameSync(unfinished, join(folder, 'servers.json'));
  return addresses;
}

async function begin(folder, server, ports, installed) {
  const place = { folder: home(folder, server), ports, installed };
  mkdirSync(place.folder, { recursive: true });
  await server.prepare(place);
  launch(place.folder, server.command(place));
  await answering(server.name, place.folder, () => server.answers(ports));
}

/** Ends every server and waits until it has ended. With `data`, what they stored is deleted too; downloads stay. */
export async function down({ folder = defaultFolder(), data = false, say = () => {} } = {}) {
  rmSync(join(folder, 'servers.json'), { force: true });
  const outcomes = await Promise.allSettled(
    servers.map(async (server) => {
      const ran = processOf(home(folder, server)) !== undefined;
      await stop(server.name, { folder });
      say(`${server.name}: ${ran ? 'ended' : 'was down'}`);
    }),
  );
  const failed = outcomes.find(({ status }) => status === 'rejected');
  if (failed) throw failed.reason;
  if (!data) return;
  for (const server of servers) rmSync(home(folder, server), { recursive: true, force: true });
  rmSync(join(folder, 'ports.json'), { force: true });
}

/** Each server with its port, and its process if it runs. */
export function status({ folder = defaultFolder() } = {}) {
  const ports = portsOf(folder);
  return servers.map(({ name }) => ({ name, port: ports[name], pid: processOf(join(folder, name)) }));
}

/** Starts one server on the ports that `up` gave it; resolves once it answers. */
export async function start(name, { folder = defaultFolder() } = {}) {
  const server = named(name);
  const ports = portsOf(folder);
  if (server.ports.some((port) => ports[port] === undefined)) {
    throw new Unavailable(`${name} has no port yet: run tools/backends up first.`);
  }
  if (processOf(home(folder, server)) !== undefined) return;
  await begin(folder, server, ports, await server.install(cache()));
}

/** Ends one server in order. One that survives it is killed after twenty seconds; MongoDB, which would lose data, never is. */
export async function stop(name, { folder = defaultFolder() } = {}) {
  const server = named(name);
  const place = home(folder, server);
  if (await end(place, 'SIGTERM', server.survivesKill ? 20_000 : 60_000)) return;
  if (!server.survivesKill) {
    throw new Unavailable(`${name} (process ${processOf(place)}) has not ended within a minute, and is left alone.`);
  }
  await kill(name, { folder });
}

/** Ends one server at once, as a crash would. */
export async function kill(name, { folder = defaultFolder() } = {}) {
  const server = named(name);
  if (!server.survivesKill) throw new Unavailable(`${name} would lose what it acknowledged: it is not killed.`);
  if (!(await end(home(folder, server), 'SIGKILL', 10_000))) throw new Unavailable(`${name} could not be killed.`);
}

export async function restart(name, { folder = defaultFolder() } = {}) {
  await stop(name, { folder });
  await start(name, { folder });
}
