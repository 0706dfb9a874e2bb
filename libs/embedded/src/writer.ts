import { append } from './event-writes.js';
import { begin, end, enqueue, recover, retry } from './job-writes.js';
import { publish } from './log-writes.js';
import { commitRows, dropRows } from './row-writes.js';
import type { SqlDriver, SqlValue } from './sql-driver.js';

/** Everything that changes a database: each a function of a connection inside a transaction, and of flat values. */
export const writes = { append, publish, commitRows, dropRows, enqueue, begin, end, recover, retry } as const;

export type WriteName = keyof typeof writes;
export type Answer<N extends WriteName> = ReturnType<(typeof writes)[N]>;

/**
 * The only one that writes to a database. A write is one transaction, or a part of one that holds several whole
 * writes; it is durable when its promise resolves, and when it throws nothing of it is stored.
 */
export interface SqlWriter {
  write<N extends WriteName>(name: N, values: readonly SqlValue[]): Promise<Answer<N>>;
  /** Ends what was begun, then closes the connection. */
  close(): Promise<void>;
}

/** A write on its way to another thread. */
export interface WriteRequest {
  readonly name: WriteName;
  readonly values: readonly SqlValue[];
}

export type WriteOutcome = { readonly answer: Answer<WriteName> } | { readonly error: unknown };

/**
 * Group commit: all requests in one transaction, so they share one wait for the disk. When one of them throws, nothing
 * of them is stored and each is done by itself, which shows whose fault it was.
 */
export function writeTogether(driver: SqlDriver, requests: readonly WriteRequest[]): readonly WriteOutcome[] {
  try {
    return driver.transaction(() =>
      requests.map(({ name, values }) => ({ answer: writes[name](driver, values) })),
    );
  } catch (error) {
    if (requests.length === 1) return [{ error }];
    return requests.flatMap((request) => writeTogether(driver, [request]));
  }
}

/** Writes at once, on a connection of this thread. */
export class DirectWriter implements SqlWriter {
  constructor(private readonly driver: SqlDriver) {}

  async write<N extends WriteName>(name: N, values: readonly SqlValue[]): Promise<Answer<N>> {
    return this.driver.transaction(() => writes[name](this.driver, values)) as Answer<N>;
  }

  async close(): Promise<void> {
    this.driver.close();
  }
}
