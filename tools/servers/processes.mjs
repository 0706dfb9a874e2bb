import { execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { portsOf } from './ports.mjs';

/** The servers of a folder as processes of this machine that outlive whoever started them. */
export function processes(folder, cache) {
  const home = (server) => join(folder, server.name);
  return {
    install: (server) => server.install(cache),

    /** The process that was started here, or `undefined` when it runs no more. */
    running: async (server) => processOf(home(server)),

    async launch(server) {
      const place = { folder: home(server), ports: portsOf(folder), installed: await server.install(cache) };
      mkdirSync(join(place.folder, 'data'), { recursive: true });
      await server.prepare?.(place);
      await spawnDetached(place.folder, server.command(place));
    },

    async signal(server, signal) {
      const pid = processOf(home(server));
      try {
        if (pid !== undefined) process.kill(pid, signal);
      } catch (error) {
        // It ended of itself in between.
        if (error.code !== 'ESRCH') throw error;
      }
    },

    printed: async (server) => readFileSync(join(home(server), 'log'), 'utf8'),

    /** Deletes what was made here; a file of somebody else stays, and its folder with it. */
    async forget(server) {
      rmSync(join(home(server), 'data'), { recursive: true, force: true });
      for (const name of ['pid', 'log', 'log.before', ...(server.files ?? [])])
        rmSync(join(home(server), name), { force: true });
      if (existsSync(home(server)) && readdirSync(home(server)).length === 0) rmdirSync(home(server));
    },
  };
}

/** Process ids are used again: one whose command line does not name the folder is somebody else's. */
function processOf(home) {
  const file = join(home, 'pid');
  if (!existsSync(file)) return undefined;
  const pid = Number(readFileSync(file, 'utf8'));
  return pid > 0 && commandLine(pid).includes(`${home}/`) ? pid : undefined;
}

function commandLine(pid) {
  try {
    if (existsSync('/proc/self/cmdline')) return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return execFileSync('ps', ['-o', 'args=', '-ww', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return '';
  }
}

/**
 * What the process prints goes to `log`; that of the run before is kept in `log.before`. Resolves once the process can be told by
 * its command line, which is still empty for a moment after the start, or has ended.
 */
async function spawnDetached(home, [command, ...args]) {
  const log = join(home, 'log');
  if (existsSync(log)) renameSync(log, join(home, 'log.before'));
  const output = openSync(log, 'a');
  const child = spawn(command, args, { cwd: home, detached: true, stdio: ['ignore', output, output] });
  closeSync(output);
  child.unref();
  writeFileSync(join(home, 'pid'), `${child.pid}\n`);
  while (child.exitCode === null && child.signalCode === null && processOf(home) === undefined)
    await sleep(5);
}
