import type { Contexts } from './contexts.js';

/** One thing that must be so before this instance takes traffic. */
export interface ReadinessCheck {
  readonly name: string;
  ready(): boolean | Promise<boolean>;
}

export class Readiness {
  constructor(
    private readonly contexts: Contexts,
    private readonly checks: readonly ReadinessCheck[],
  ) {}

  /** Each check by name; one that throws is not ready. */
  async look(): Promise<readonly { readonly name: string; readonly ready: boolean }[]> {
    const all: ReadinessCheck[] = [
      ...this.contexts.all.map((context) => ({ name: context.name, ready: () => context.running })),
      ...this.checks,
    ];
    return Promise.all(
      all.map(async ({ name, ready }) => ({
        name,
        ready: await Promise.resolve()
          .then(ready)
          .catch(() => false),
      })),
    );
  }
}
