import { Unavailable } from '@readership/kernel';
import { Counter } from 'prom-client';

/** Names of errors by which a process learns that another one was faster: it begins again where that one left off. */
const races: ReadonlyMap<string, string> = new Map([
  ['Stale', 'stale-commit'],
  ['LostPlace', 'rebalance'],
]);

/** Counts what is tried again though nothing is wrong. Replicas that share work meet it all the time: it is not logged. */
export class ExpectedRetries {
  readonly counter = new Counter({
    name: 'readership_expected_retries_total',
    help: 'Retries that are part of normal work: another replica was faster, or too much is under way',
    labelNames: ['reason'],
    registers: [],
  });

  /** Whether the error is expected, and so is counted here; any other is for the log. */
  counts(error: unknown): boolean {
    const reason = reasonOf(error);
    if (reason !== undefined) this.counter.inc({ reason });
    return reason !== undefined;
  }
}

function reasonOf(error: unknown): string | undefined {
  if (error instanceof Unavailable) return error.code === 'BUSY' ? 'busy' : undefined;
  return error instanceof Error ? races.get(error.name) : undefined;
}
