import { BadConfig } from './config.js';

/** What a library still holds open after that must not keep the process. */
const endsWithinMs = 10_000;

/**
 * Tells the user in one line why the process cannot go on (in several for `BadConfig`, one for each problem), and has it
 * end with 1: by itself as soon as the caller has closed what it opened, and in ten seconds at the latest.
 */
export function failProcess(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${error instanceof BadConfig ? message : message.split('\n')[0]}\n`);
  process.exitCode = 1;
  setTimeout(() => process.exit(), endsWithinMs).unref();
}
