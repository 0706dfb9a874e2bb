import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { run } from './commands.mjs';
import { portsOf } from './ports.mjs';

/** Whether a container engine with Compose answers on this machine. */
export async function engineAnswers() {
  try {
    await run('docker', ['compose', 'ls', '--quiet'], { timeoutMs: 10_000 });
    return true;
  } catch {
    return false;
  }
}

/** The servers of a folder as containers: the same ports and the same questions, but a real MongoDB. */
export function containers(folder) {
  const project = `readership-${createHash('sha256').update(folder).digest('hex').slice(0, 12)}`;
  const compose = (...args) => {
    const { kafka = 0, mongodb = 0, redis = 0 } = portsOf(folder);
    const env = { KAFKA_PORT: `${kafka}`, MONGODB_PORT: `${mongodb}`, REDIS_PORT: `${redis}` };
    const file = join(import.meta.dirname, 'containers.yml');
    return run('docker', ['compose', '--file', file, '--project-name', project, ...args], { env });
  };
  return {
    install: (server) => compose('pull', '--quiet', '--policy', 'missing', server.name),
    running: async (server) =>
      (await compose('ps', '--quiet', '--status', 'running', server.name)).trim() || undefined,
    launch: (server) => compose('up', '--detach', '--wait', server.name),
    signal: (server, signal) => compose('kill', '--signal', signal, server.name),
    printed: (server) => compose('logs', '--no-color', '--tail', '10', server.name),
    forget: (server) => compose('rm', '--force', '--stop', '--volumes', server.name),
  };
}
