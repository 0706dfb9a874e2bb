import { need } from '#servers';
import { contextNames } from '@readership/contracts';
import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Program } from './program.js';
import type { Replica } from './replica.js';

const listensWithinMs = 10_000;
const configuration = 'k8s/base/gateway/nginx.conf';

/** The one address of all services: nginx with the configuration that is deployed. */
export class Gateway extends Program {
  private constructor(
    readonly url: string,
    private readonly folder: string,
    log: string,
  ) {
    super('gateway', {
      file: 'nginx',
      args: ['-e', 'stderr', '-p', `${folder}/`, '-c', join(folder, 'nginx.conf'), '-g', 'daemon off;'],
      env: { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` },
      log,
    });
  }

  /** Starts nginx in front of these replicas. When it is missing, root installs it, and other users are told to. */
  static async before(
    replicas: readonly Replica[],
    options: { readonly root: string; readonly port: number; readonly log: string },
  ): Promise<Gateway> {
    await need('nginx', 'nginx-light');
    // Not in the data folder: the workers of a root master run as nobody and need access to their files.
    const folder = mkdtempSync(join(tmpdir(), 'readership-gateway-'));
    chmodSync(folder, 0o755);
    copyFileSync(join(options.root, configuration), join(folder, 'nginx.conf'));
    writeFileSync(join(folder, 'listen.conf'), `listen 127.0.0.1:${options.port};\n`);
    // Nobody else may say where a request comes from.
    writeFileSync(join(folder, 'clients.conf'), '');
    writeFileSync(join(folder, 'upstreams.conf'), upstreams(replicas));
    const gateway = new Gateway(`http://127.0.0.1:${options.port}`, folder, options.log);
    gateway.start();
    await gateway.listens();
    return gateway;
  }

  forget(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async listens(): Promise<void> {
    const until = Date.now() + listensWithinMs;
    for (;;) {
      try {
        const answer = await fetch(`${this.url}/healthz`);
        await answer.arrayBuffer();
        return;
      } catch (error) {
        if (this.pid === undefined || Date.now() > until)
          throw new Error(`nginx does not listen:\n${this.lastLines()}`, { cause: error });
      }
      await pause(50);
    }
  }
}

/** Like upstreams.conf, with every replica by its port. A replica that refuses is tried again after a second. */
function upstreams(replicas: readonly Replica[]): string {
  const servers = (service: string): string =>
    replicas
      .filter((replica) => replica.service === service)
      .map(({ port }) => `  server 127.0.0.1:${port} fail_timeout=1s;\n`)
      .join('');
  return contextNames
    .map((name) => `upstream ${name} {\n${servers(name)}  keepalive 32;\n  keepalive_timeout 20s;\n}\n`)
    .join('');
}
