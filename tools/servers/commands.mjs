import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** What a line or two can tell: somebody has to do something about it. */
export class Unavailable extends Error {}

/** Runs a command to its end and resolves to what it printed; rejects when it fails or has not ended in time. */
export async function run(command, args, { env = {}, timeoutMs = 300_000 } = {}) {
  try {
    const options = { env: { ...process.env, ...env }, timeout: timeoutMs, maxBuffer: 64 << 20 };
    const { stdout } = await execute(command, args, options);
    return stdout;
  } catch (error) {
    const said = `${error.stdout ?? ''}${error.stderr ?? ''}`.trim().split('\n').slice(-5).join('\n');
    throw new Unavailable(`${[command, ...args].join(' ')} failed: ${said || error.message}`);
  }
}

async function found(command) {
  try {
    // Servers of Debian lie where only root looks by itself.
    const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin` };
    await execute('sh', ['-c', `command -v ${command}`], { env });
    return true;
  } catch {
    return false;
  }
}

/** Resolves once `command` can be run: where it is missing, root installs Debian's package, and anybody else is told to. */
export async function need(command, debianPackage) {
  if (await found(command)) return;
  if (process.getuid?.() !== 0 || !(await found('apt-get'))) {
    throw new Unavailable(`${command} is missing: install it (on Debian: apt-get install ${debianPackage}).`);
  }
  console.log(`${command} is missing: installing Debian's package ${debianPackage} …`);
  // The run level keeps the package from starting a server of its own.
  const env = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  await run('apt-get', ['update', '-q'], { env });
  await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', debianPackage], { env });
}
