import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Unavailable } from './commands.mjs';
import { containers, engineAnswers } from './containers.mjs';
import { kafka } from './kafka.mjs';
import { mongodb } from './mongodb.mjs';
import { claimPorts, portsOf } from './ports.mjs';
import { processes } from './processes.mjs';
import { redis } from './redis.mjs';

export { need } from './commands.mjs';
export { claimPorts, portsOf } from './ports.mjs';

const servers = [kafka, mongodb, redis];
const root = join(import.meta.dirname, '../..');

/** Where data, logs, process ids and `servers.json` lie. */
export function defaultFolder() {
  return resolve(process.env.READERSHIP_BACKENDS_FOLDER ?? join(root, '.backends'));
}

/** Starts what does not run, and names the addresses in `servers.json` once every server has answered a request. */
export async function up({ folder = defaultFolder(), say = () => {} } = {}) {
  makeFolder(folder);
  const runtime = await runtimeOf(folder, { settle: true });
  const stopped = [];
  for (const server of servers) {
    if ((await runtime.running(server)) === undefined) stopped.push(server);
  }
  for (const server of stopped) await runtime.install(server);
  const ports = await claimPorts(
    folder,
    stopped.flatMap((server) => server.ports),
  );
  await eachOf(servers, async (server) => {
    const since = Date.now();
    const begins = stopped.includes(server);
    await (begins ? begin : answering)(runtime, server, ports);
    const how = begins ? `answers after ${((Date.now() - since) / 1000).toFixed(1)} s` : 'is up already';
    say(`${server.name}: ${server.url(ports)} ${how}`);
  });
  const addresses = Object.fromEntries(servers.map((server) => [server.name, server.url(ports)]));
  const unfinished = join(folder, '.servers.json');
  writeFileSync(unfinished, `${JSON.stringify(addresses)}\n`);
  renameSync(unfinished, join(folder, 'servers.json'));
  return addresses;
}

/**
 * Ends every server and waits until it has ended. With `data`, what they stored is deleted too, by name, once all of them
 * have ended; downloads stay. Rejects before anything is ended or deleted when `up` did not make the folder.
 */
export async function down({ folder = defaultFolder(), data = false, say = () => {} } = {}) {
  if (data && !existsSync(join(folder, 'runtime')))
    throw new Unavailable(`tools/backends up did not run in ${folder}: nothing is deleted there.`);
  const runtime = await runtimeOf(folder);
  await eachOf(servers, async (server) => {
    const ran = (await runtime.running(server)) !== undefined;
    await stop(server.name, { folder });
    say(`${server.name}: ${ran ? 'ended' : 'was down'}`);
  });
  rmSync(join(folder, 'servers.json'), { force: true });
  if (!data) return;
  const ports = portsOf(folder);
  await eachOf(servers, async (server) => {
    const known = server.ports.every((port) => ports[port] !== undefined);
    if (known && (await server.answers(ports).catch(() => false)))
      throw new Unavailable(`${server.name} still answers at ${server.url(ports)}: nothing was deleted.`);
  });
  for (const server of servers) await runtime.forget(server);
  for (const file of ['ports.json', 'runtime']) rmSync(join(folder, file), { force: true });
}

/** Not Node's recursive call, which tries for ever in a file system such as /proc. */
function makeFolder(folder) {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
}

/** Each server with its port, and the id of its process or container if it runs. */
export async function status({ folder = defaultFolder() } = {}) {
  const runtime = await runtimeOf(folder);
  const ports = portsOf(folder);
  return Promise.all(
    servers.map(async (server) => ({
      name: server.name,
      port: ports[server.name],
      id: await runtime.running(server),
    })),
  );
}

/** Starts one server on the ports that `up` gave it; resolves once it answers. */
export async function start(name, { folder = defaultFolder() } = {}) {
  const server = named(name);
  const runtime = await runtimeOf(folder);
  const ports = portsOf(folder);
  if (server.ports.some((port) => ports[port] === undefined)) {
    throw new Unavailable(`${name} has no port yet: run tools/backends up first.`);
  }
  await ((await runtime.running(server)) === undefined ? begin : answering)(runtime, server, ports);
}

/** Ends one server in order. One that survives it is killed after twenty seconds; MongoDB, which would lose data, never is. */
export async function stop(name, { folder = defaultFolder() } = {}) {
  const server = named(name);
  const runtime = await runtimeOf(folder);
  if (await ends(runtime, server, 'SIGTERM', server.survivesKill ? 20_000 : 60_000)) return;
  if (!server.survivesKill)
    throw new Unavailable(`${name} has not ended within a minute, and is left alone.`);
  await kill(name, { folder });
}

/** Ends one server at once, as a crash would. */
export async function kill(name, { folder = defaultFolder() } = {}) {
  const server = named(name);
  if (!server.survivesKill)
    throw new Unavailable(`${name} would lose what it acknowledged: it is not killed.`);
  const runtime = await runtimeOf(folder);
  if (!(await ends(runtime, server, 'SIGKILL', 10_000)))
    throw new Unavailable(`${name} could not be killed.`);
}

/** Ends one server in order and starts it again on the same ports. */
export async function restart(name, { folder = defaultFolder() } = {}) {
  await stop(name, { folder });
  await start(name, { folder });
}

/** Containers where an engine answers, else processes. Settled by the first `up`, until the data is deleted. */
async function runtimeOf(folder, { settle = false } = {}) {
  const file = join(folder, 'runtime');
  const settled = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  const kind = settled ?? (settle && (await engineAnswers()) ? 'containers' : 'processes');
  if (settle) writeFileSync(file, kind);
  if (kind === 'containers') return containers(folder);
  return processes(folder, resolve(process.env.READERSHIP_BACKENDS_CACHE ?? join(root, '.backends/cache')));
}

async function begin(runtime, server, ports) {
  await runtime.launch(server);
  await answering(runtime, server, ports);
}

/** Resolves once the server answers; rejects when it ended before, or after a minute. */
async function answering(runtime, server, ports) {
  const until = Date.now() + 60_000;
  while (!(await server.answers(ports).catch(() => false))) {
    const over = (await runtime.running(server)) === undefined;
    if (over || Date.now() > until) {
      const lines = (await runtime.printed(server)).trim().split('\n').slice(-10).join('\n');
      throw new Unavailable(`${server.name} ${over ? 'ended' : 'did not answer within a minute'}:\n${lines}`);
    }
    await sleep(100);
  }
}

/** Sends a signal and resolves to whether the server ended within the time. */
async function ends(runtime, server, signal, timeoutMs) {
  if ((await runtime.running(server)) === undefined) return true;
  await runtime.signal(server, signal);
  const until = Date.now() + timeoutMs;
  while ((await runtime.running(server)) !== undefined) {
    if (Date.now() > until) return false;
    await sleep(50);
  }
  return true;
}

/** Runs all at once and waits for all of them, before the first failure is thrown. */
async function eachOf(items, act) {
  const outcomes = await Promise.allSettled(items.map(act));
  const failed = outcomes.find(({ status }) => status === 'rejected');
  if (failed) throw failed.reason;
}

function named(name) {
  const server = servers.find((each) => each.name === name);
  if (server) return server;
  throw new Unavailable(`No server is called ${name}: ${servers.map((each) => each.name).join(', ')}.`);
}
