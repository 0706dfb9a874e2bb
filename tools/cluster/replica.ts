import { setTimeout as pause } from 'node:timers/promises';
import type { ContextName } from '@readership/contracts';
import { Program, type Command } from './program.js';

const readyWithinMs = 60_000;

/** One process of a service, on a port that it keeps. */
export class Replica extends Program {
  constructor(
    readonly service: ContextName,
    readonly number: number,
    readonly port: number,
    command: Command,
  ) {
    super(`${service}-${number}`, command);
  }

  /** Resolves when it accepts traffic. Rejects with its last lines when it ended, or is not ready within a minute. */
  async ready(): Promise<void> {
    const until = Date.now() + readyWithinMs;
    while (!(await this.takesTraffic())) {
      if (this.pid === undefined) throw new Error(`${this.name} ended:\n${this.lastLines()}`);
      if (Date.now() > until) throw new Error(`${this.name} is not ready:\n${this.lastLines()}`);
      await pause(100);
    }
  }

  /** Stops it gracefully, starts it again, and waits until it accepts traffic. */
  async restart(): Promise<void> {
    await this.stop();
    this.start();
    await this.ready();
  }

  private async takesTraffic(): Promise<boolean> {
    try {
      const answer = await fetch(`http://127.0.0.1:${this.port}/readyz`, {
        signal: AbortSignal.timeout(5_000),
      });
      await answer.arrayBuffer();
      return answer.status === 200;
    } catch {
      return false;
    }
  }
}
