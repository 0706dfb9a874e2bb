import { BadConfig } from './config.js';

/** The process ends after this time, even if a library still holds something open. */
const endsWithinMs = 10_000;

/**
 * Tells the user in one line why the process cannot go on (`BadConfig`: one line for each problem) and sets exit code
 * 1. The process ends as soon as the caller has closed what it opened, and after ten seconds at the latest.
 */
export function failProcess(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${error instanceof BadConfig ? message : message.split('\n')[0]}\n`);
  process.exitCode = 1;
  setTimeout(() => process.exit(), endsWithinMs).unref();
}
