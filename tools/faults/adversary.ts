import { kill, start, stop } from '#servers';
import type { FaultProxy } from '@readership/cluster/testing';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Replica } from '../cluster/replica.js';
import type { RunningCluster } from '../cluster/running-cluster.js';
import { describe, targetOf, type Fault, type Scheduled } from './schedule.js';
import type { Injector } from './injected.js';

const startsMax = 30;
const lookMs = 500;

export interface Battlefield {
  readonly cluster: RunningCluster;
  readonly proxies: { readonly mongodb: FaultProxy; readonly kafka: FaultProxy };
  readonly injector: Injector;
  readonly redisPort: number;
  say(line: string): void;
}

/** Causes faults as scheduled and undoes them. When a fault has ended, what must run runs again. */
export class Adversary {
  /** What went wrong meanwhile and must not have. */
  readonly wrong: string[] = [];
  /** Replicas that are down, or about to be, because of a fault. */
  private readonly meant = new Set<Replica>();
  private readonly over = new AbortController();
  /** The end of the last action on each process or server, because a start may take longer than the schedule allows. */
  private readonly turns = new Map<string, Promise<void>>();

  constructor(private readonly field: Battlefield) {}

  /** Resolves when every fault has ended and every replica accepts traffic. */
  async carryOut(faults: readonly Scheduled[]): Promise<void> {
    const begun = performance.now();
    const guarding = this.guard();
    const since = (): number => performance.now() - begun;
    const harm = faults.map(async ({ atMs, fault }) => {
      await pause(Math.max(0, atMs - since()));
      const before = this.turns.get(targetOf(fault)) ?? Promise.resolve();
      const done = before.then(async () => {
        this.field.say(`${(since() / 1000).toFixed(1)} s: ${describe(fault)}`);
        await this.harm(fault).catch((error: Error) =>
          this.wrong.push(`${describe(fault)}: ${error.message}`),
        );
      });
      this.turns.set(targetOf(fault), done);
      await done;
    });
    await Promise.all(harm);
    this.over.abort();
    await guarding;
    for (const replica of this.field.cluster.replicas) await this.revive(replica);
  }

  private async harm(fault: Fault): Promise<void> {
    const { proxies, injector, redisPort } = this.field;
    switch (fault.kind) {
      case 'kill':
        return this.downFor(
          this.replicaOf(fault),
          fault.forMs,
          async (replica) => void (await replica.kill()),
        );
      case 'terminate':
        return this.downFor(this.replicaOf(fault), fault.forMs, async (replica) => {
          const { code, signal } = await replica.stop();
          if (code !== 0) this.wrong.push(`${replica.name} was told to end and ended with ${signal ?? code}`);
        });
      case 'freeze': {
        const replica = this.replicaOf(fault);
        replica.signal('SIGSTOP');
        await pause(fault.forMs);
        replica.signal('SIGCONT');
        return;
      }
      case 'broker-kill':
        await kill('kafka');
        await pause(fault.forMs);
        return start('kafka');
      case 'store-stop':
        await stop('mongodb');
        await pause(fault.forMs);
        return start('mongodb');
      case 'redis-stop':
        await stop('redis');
        await pause(fault.forMs);
        return start('redis');
      case 'redis-flush':
        return flush(redisPort);
      case 'store-replies-lost':
        return losing(proxies.mongodb, fault.forMs);
      case 'broker-replies-lost':
        return losing(proxies.kafka, fault.forMs);
      default:
        return injector.inject(fault);
    }
  }

  private replicaOf({ service, replica }: Extract<Fault, { service: unknown }>): Replica {
    const replicas = this.field.cluster.of(service);
    return replicas[replica % replicas.length]!;
  }

  private async downFor(
    replica: Replica,
    forMs: number,
    end: (replica: Replica) => Promise<void>,
  ): Promise<void> {
    this.meant.add(replica);
    try {
      await end(replica);
      await pause(forMs);
      await this.revive(replica);
    } finally {
      this.meant.delete(replica);
    }
  }

  /** Acts like a supervisor: starts it until it accepts traffic, because servers may be unavailable. */
  private async revive(replica: Replica): Promise<void> {
    for (let starts = 1; ; starts++) {
      try {
        if (replica.pid === undefined) replica.start();
        return await replica.ready();
      } catch (error) {
        if (starts === startsMax) throw error;
        await pause(lookMs);
      }
    }
  }

  /** Notices replicas that end unexpectedly, and starts them again. */
  private async guard(): Promise<void> {
    const { signal } = this.over;
    while (!signal.aborted) {
      for (const replica of this.field.cluster.replicas) {
        if (replica.pid !== undefined || this.meant.has(replica)) continue;
        const { code, signal: by } = await replica.ended;
        this.wrong.push(`${replica.name} ended by itself with ${by ?? code}: ${replica.lastLines(2)}`);
        this.meant.add(replica);
        this.revive(replica).then(
          () => this.meant.delete(replica),
          () => this.wrong.push(`${replica.name} cannot be started again`),
        );
      }
      await pause(lookMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

async function losing(proxy: FaultProxy, forMs: number): Promise<void> {
  proxy.loseReplies();
  await pause(forMs);
  proxy.mend();
}

async function flush(port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('FLUSHALL\r\n'));
    socket.once('data', () => socket.end());
    socket.once('close', () => resolve());
    socket.once('error', reject);
  });
}
