import { parentPort, workerData } from 'node:worker_threads';
import { openDriver } from './sql-driver.js';
import { writeTogether, type WriteRequest } from './writer.js';

/** An error of a write, in the form in which it crosses threads. */
export interface Thrown {
  readonly name: string;
  readonly message: string;
  readonly code?: unknown;
  readonly reason?: unknown;
}

/** The thread that writes to one database. It takes groups of requests, answers each group in order, and ends on `null`. */
if (parentPort) {
  const port = parentPort;
  const driver = openDriver((workerData as { path: string }).path);
  port.on('message', (requests: readonly WriteRequest[] | null) => {
    if (requests === null) {
      driver.close();
      port.close();
      return;
    }
    port.postMessage(
      writeTogether(driver, requests).map((outcome) =>
        'error' in outcome ? { error: thrown(outcome.error) } : outcome,
      ),
    );
  });
}

function thrown(error: unknown): Thrown {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { name, message } = error;
  const { code, reason } = error as { readonly code?: unknown; readonly reason?: unknown };
  return { name, message, code, reason };
}
