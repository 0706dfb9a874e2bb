import type { Away, FailingLoop, LoopHealth } from '@readership/kernel';
import type { Contexts } from './contexts.js';

/** A condition that must hold before this instance accepts traffic. */
export interface ReadinessCheck {
  readonly name: string;
  ready(): boolean | Promise<boolean>;
}

/**
 * The addresses of servers that may be unavailable, for the operator who brings them back: `Kafka at
 * kafka-1:9092,kafka-2:9092`.
 */
export type Addresses = Readonly<Partial<Record<Away, string>>>;

/** The state of an instance as its operator sees it. */
export interface Look {
  readonly ready: boolean;
  readonly checks: readonly { readonly name: string; readonly ready: boolean }[];
  /** Loops that have failed for 60 s, and what a context waits for before it accepts writes. */
  readonly failing: readonly (FailingLoop & { readonly address?: string })[];
}

export class Readiness {
  constructor(
    private readonly contexts: Contexts,
    private readonly checks: readonly ReadinessCheck[],
    private readonly loops: LoopHealth,
    private readonly addresses: Addresses,
  ) {}

  /** Runs each check. A check that throws is not ready. */
  async look(): Promise<Look> {
    const all: ReadinessCheck[] = [
      ...this.contexts.all.map((context) => ({ name: context.name, ready: () => context.running })),
      ...this.checks,
    ];
    const checks = await Promise.all(
      all.map(async ({ name, ready }) => ({
        name,
        ready: await Promise.resolve()
          .then(ready)
          .catch(() => false),
      })),
    );
    const failing = this.loops.failing().map((loop) => {
      const address = this.addresses[loop.reason as Away];
      return { ...loop, ...(address === undefined ? {} : { address }) };
    });
    return { ready: failing.length === 0 && checks.every((check) => check.ready), checks, failing };
  }
}
