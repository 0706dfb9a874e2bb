import { Refusal, Unavailable } from '@readership/kernel';
import { Counter } from 'prom-client';

/** Names of errors that mean that another process was faster. The loser begins again from what the other stored. */
const races: ReadonlyMap<string, string> = new Map([
  ['Stale', 'stale-commit'],
  ['LostPlace', 'rebalance'],
]);

/** Counts retries that are no fault. Replicas that share work have them all the time, so they are not logged. */
export class ExpectedRetries {
  readonly counter = new Counter({
    name: 'readership_expected_retries_total',
    help: 'Retries that are part of normal work: another replica was faster, or too much is under way',
    labelNames: ['reason'],
    registers: [],
  });

  /** Counts the error and returns true when it is expected. Other errors belong in the log. */
  counts(error: unknown): boolean {
    const reason = reasonOf(error);
    if (reason !== undefined) this.counter.inc({ reason });
    return reason !== undefined;
  }

  /** Whether another process was faster, and so did the work. */
  isRace(error: unknown): boolean {
    return error instanceof Error && races.has(error.name);
  }
}

function reasonOf(error: unknown): string | undefined {
  // A command whose attempts other writers all won is a refusal with the same code.
  if (error instanceof Unavailable || error instanceof Refusal)
    return error.code === 'BUSY' ? 'busy' : undefined;
  return error instanceof Error ? races.get(error.name) : undefined;
}
