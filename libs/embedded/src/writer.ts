import { putRecord, removeRecord } from './access-writes.js';
import { append, destroyKeys } from './event-writes.js';
import { begin, end, enqueue, recover, retry } from './job-writes.js';
import { publish } from './log-writes.js';
import { commitRows, dropRows } from './row-writes.js';
import type { SqlDriver, SqlValue } from './sql-driver.js';

/** All functions that change a database. Each takes a connection inside a transaction, and flat values. */
export const writes = {
  append,
  destroyKeys,
  publish,
  commitRows,
  dropRows,
  enqueue,
  begin,
  end,
  recover,
  retry,
  putRecord,
  removeRecord,
} as const;

export type WriteName = keyof typeof writes;
export type Answer<N extends WriteName> = ReturnType<(typeof writes)[N]>;

/**
 * The only writer of a database. A write is one transaction, or part of a transaction that holds several whole writes.
 * It is durable when its promise resolves; when it rejects, nothing of it is stored.
 */
export interface SqlWriter {
  write<N extends WriteName>(name: N, values: readonly SqlValue[]): Promise<Answer<N>>;
  /** Finishes the pending writes, then closes the connection. */
  close(): Promise<void>;
}

/** A write on its way to another thread. */
export interface WriteRequest {
  readonly name: WriteName;
  readonly values: readonly SqlValue[];
}

export type WriteOutcome = { readonly answer: Answer<WriteName> } | { readonly error: unknown };

/**
 * Group commit: runs all requests in one transaction, so that they share one wait for the disk. When one of them
 * throws, nothing is stored, and each runs in its own transaction, which shows which one failed.
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

/** Writes immediately, on a connection of this thread. */
export class DirectWriter implements SqlWriter {
  constructor(private readonly driver: SqlDriver) {}

  async write<N extends WriteName>(name: N, values: readonly SqlValue[]): Promise<Answer<N>> {
    return this.driver.transaction(() => writes[name](this.driver, values)) as Answer<N>;
  }

  async close(): Promise<void> {
    this.driver.close();
  }
}
