import { Worker } from 'node:worker_threads';
import { Unavailable, type Away } from '@readership/kernel';
import { DataKeyTaken } from './event-writes.js';
import type { SqlValue } from './sql-driver.js';
import type { Answer, SqlWriter, WriteName, WriteRequest } from './writer.js';
import type { Thrown } from './writer-thread.js';

/** The most values that may wait before further writes are refused: about 100,000 commits. */
const waitingMaxUsual = 1_000_000;
const groupMax = 100_000;
const youngGenerationMb = 8;
/** The most groups sent and not answered yet. While the thread commits one, the next is already on its way. */
const groupsAhead = 2;

interface Waiting extends WriteRequest {
  resolve(answer: never): void;
  reject(error: unknown): void;
}

/**
 * Writes to a database file in its own thread. Writes that arrive meanwhile share the next transaction. When the thread
 * ends unexpectedly, `onLost` is called once, and every waiting and later write rejects with `Unavailable`. It is not
 * known whether the writes that were sent are stored.
 */
export class ThreadWriter implements SqlWriter {
  private readonly thread: Worker;
  private readonly ended: Promise<void>;
  private waiting: Waiting[] = [];
  private waitingValues = 0;
  private readonly sent: Waiting[][] = [];
  private planned = false;
  private failure: Error | null = null;
  private closing: (() => void) | null = null;
  private closed: Promise<void> | undefined;
  private toldToEnd = false;

  constructor(
    private readonly path: string,
    entry: URL = new URL('./writer-thread.js', import.meta.url),
    private readonly onLost: (error: Error) => void = () => {},
    private readonly waitingMax = waitingMaxUsual,
  ) {
    // Without the program's flags, which may refer to the program's own main file.
    this.thread = new Worker(entry, {
      workerData: { path },
      execArgv: [],
      // The thread holds one group of requests at a time. Node's default memory limits would only let garbage pile up.
      resourceLimits: { maxYoungGenerationSizeMb: youngGenerationMb },
    });
    this.thread.unref();
    this.thread.on('message', (outcomes: readonly ({ answer: never } | { error: Thrown })[]) =>
      this.answerAll(outcomes),
    );
    this.thread.on('error', (error) => this.lose(error.message));
    this.thread.on('messageerror', (error) => this.lose(error.message));
    this.ended = new Promise((resolve) =>
      this.thread.on('exit', (code) => {
        this.lose(`exit code ${code}`);
        resolve();
      }),
    );
  }

  write<N extends WriteName>(name: N, values: readonly SqlValue[]): Promise<Answer<N>> {
    return new Promise((resolve, reject) => {
      if (this.failure) return reject(this.failure);
      if (this.closing) return reject(new Error('the writer is closed'));
      if (this.waitingValues > this.waitingMax) {
        return reject(new Unavailable('BUSY', 'more is being written than the disk can take'));
      }
      this.waitingValues += values.length;
      this.waiting.push({ name, values, resolve: resolve as (answer: never) => void, reject });
      this.plan();
    });
  }

  close(): Promise<void> {
    return (this.closed ??= this.end());
  }

  private async end(): Promise<void> {
    if (!this.failure) {
      await new Promise<void>((resolve) => {
        this.closing = resolve;
        this.plan();
      });
      this.toldToEnd = true;
      this.thread.ref();
      this.thread.postMessage(null);
    }
    await this.ended;
  }

  /** Schedules one send for all writes that are requested in the same turn of the event loop. */
  private plan(): void {
    if (this.planned) return;
    this.planned = true;
    queueMicrotask(() => {
      this.planned = false;
      this.send();
    });
  }

  private send(): void {
    while (this.waiting.length > 0 && this.sent.length < groupsAhead) {
      let count = 0;
      let values = 0;
      while (count < this.waiting.length && (count === 0 || values < groupMax)) {
        values += this.waiting[count++]!.values.length;
      }
      const group = this.waiting.splice(0, count);
      this.waitingValues -= values;
      this.sent.push(group);
      this.thread.ref();
      this.thread.postMessage(group.map(({ name, values }) => ({ name, values })));
    }
    if (this.sent.length > 0) return;
    this.thread.unref();
    this.closing?.();
  }

  private answerAll(outcomes: readonly ({ answer: never } | { error: Thrown })[]): void {
    const group = this.sent.shift()!;
    for (let i = 0; i < group.length; i++) {
      const outcome = outcomes[i]!;
      if ('error' in outcome) group[i]!.reject(errorOf(outcome.error));
      else group[i]!.resolve(outcome.answer);
    }
    this.plan();
  }

  private lose(why: string): void {
    if (this.failure) return;
    if (this.toldToEnd) return this.fail(new Error('the writer has ended'));
    this.fail(new Unavailable('STORE_UNAVAILABLE', 'WRITER_ENDED'));
    this.onLost(new Error(`The thread that writes ${this.path} has ended (${why}): start Readership again.`));
  }

  private fail(error: Error): void {
    this.failure ??= error;
    for (const request of [...this.sent.flat(), ...this.waiting]) request.reject(this.failure);
    this.sent.length = 0;
    this.waiting = [];
    this.waitingValues = 0;
    this.closing?.();
  }
}

function errorOf({ name, message, code, reason }: Thrown): Error {
  if (name === 'DataKeyTaken') return new DataKeyTaken(message);
  if (name === 'Unavailable') return new Unavailable(code as Away, String(reason));
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}
