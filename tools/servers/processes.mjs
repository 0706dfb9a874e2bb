import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, closeSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Unavailable } from './commands.mjs';

/**
 * The process whose id was kept in `folder`, or `undefined` when it runs no more. Ids are used again: what does not name the folder in
 * its command line is somebody else's.
 */
export function processOf(folder) {
  const file = join(folder, 'pid');
  if (!existsSync(file)) return undefined;
  const pid = Number(readFileSync(file, 'utf8'));
  return pid > 0 && commandLine(pid).includes(folder) ? pid : undefined;
}

function commandLine(pid) {
  try {
    if (existsSync('/proc/self/cmdline')) return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return execFileSync('ps', ['-o', 'args=', '-ww', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return '';
  }
}

/** Starts a process that outlives this one. What it prints goes to `log`; that of the run before is kept in `log.before`. */
export function launch(folder, [command, ...args]) {
  mkdirSync(folder, { recursive: true });
  const log = join(folder, 'log');
  if (existsSync(log)) renameSync(log, join(folder, 'log.before'));
  const output = openSync(log, 'a');
  const child = spawn(command, args, { cwd: folder, detached: true, stdio: ['ignore', output, output] });
  closeSync(output);
  child.unref();
  writeFileSync(join(folder, 'pid'), `${child.pid}\n`);
}

/** Resolves once `answers` does so with true; rejects when the process ended before, or after a minute. */
export async function answering(name, folder, answers) {
  const until = Date.now() + 60_000;
  while (Date.now() < until) {
    if (await answers().catch(() => false)) return;
    if (processOf(folder) === undefined) throw new Unavailable(`${name} ended:\n${lastLines(folder)}`);
    await sleep(100);
  }
  throw new Unavailable(`${name} did not answer within a minute:\n${lastLines(folder)}`);
}

function lastLines(folder) {
  return readFileSync(join(folder, 'log'), 'utf8').trim().split('\n').slice(-10).join('\n');
}

/** Sends a signal and resolves to whether the process ended within the time. */
export async function end(folder, signal, timeoutMs) {
  const pid = processOf(folder);
  if (pid !== undefined) process.kill(pid, signal);
  const until = Date.now() + timeoutMs;
  while (processOf(folder) !== undefined) {
    if (Date.now() > until) return false;
    await sleep(50);
  }
  rmSync(join(folder, 'pid'), { force: true });
  return true;
}
