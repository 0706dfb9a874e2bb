import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** What can be told in one line: a person has to do something about it. */
export class Unavailable extends Error {}

/** Runs a command to its end, within five minutes, and resolves to what it printed. */
export async function run(command, args, env = {}) {
  try {
    const { stdout } = await execute(command, args, {
      env: { ...process.env, ...env },
      timeout: 300_000,
      maxBuffer: 64 << 20,
    });
    return stdout;
  } catch (error) {
    const said = `${error.stderr ?? ''}${error.stdout ?? ''}`.trim().split('\n').slice(-5).join('\n');
    throw new Unavailable(`${[command, ...args].join(' ')} failed: ${said || error.message}`);
  }
}

async function found(command) {
  try {
    await execute('sh', ['-c', `command -v ${command}`]);
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
  // RUNLEVEL keeps the package from starting a server of its own.
  const quietly = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  await run('apt-get', ['update', '-q'], quietly);
  await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', debianPackage], quietly);
}
