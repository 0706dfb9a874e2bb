import { Unavailable } from '@readership/kernel';
import mongoose from 'mongoose';

const {
  MongoBulkWriteError,
  MongoClientClosedError,
  MongoError,
  MongoExpiredSessionError,
  MongoNetworkError,
  MongoNotConnectedError,
  MongoServerClosedError,
  MongoServerSelectionError,
  MongoTopologyClosedError,
  MongoWriteConcernError,
} = mongoose.mongo;

/** Codes of a server that is stopping or starting, is not the primary, ran out of time, or lost a cursor. */
const passingCodes: ReadonlySet<unknown> = new Set([
  6, 7, 43, 50, 89, 91, 134, 189, 262, 9001, 10058, 10107, 11600, 11602, 13435, 13436,
]);

/** Codes of Node for a lost socket. The driver passes these on as they are when a socket that took nothing more fails. */
const lostSocketCodes: ReadonlySet<unknown> = new Set([
  'ECONNABORTED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTCONN',
  'EPIPE',
  'ERR_SOCKET_CLOSED',
  'ERR_STREAM_DESTROYED',
  'ETIMEDOUT',
]);

/** The pool has its own error classes, which the driver does not export. */
const passingNames: ReadonlySet<string> = new Set(['MongoPoolClosedError', 'MongoWaitQueueTimeoutError']);

/** True when the same operation may succeed in a moment: no server answered, or the one that did cannot do it now. */
function isPassing(error: unknown): boolean {
  if (
    error instanceof MongoNetworkError ||
    error instanceof MongoServerSelectionError ||
    error instanceof MongoTopologyClosedError ||
    error instanceof MongoNotConnectedError ||
    error instanceof MongoServerClosedError ||
    error instanceof MongoClientClosedError ||
    // Our sessions expire only when a client reconnects.
    error instanceof MongoExpiredSessionError ||
    // The write was done but may be rolled back.
    error instanceof MongoWriteConcernError
  ) {
    return true;
  }
  if (!(error instanceof MongoError))
    return lostSocketCodes.has((error as { readonly code?: unknown } | null)?.code);
  if (error instanceof MongoBulkWriteError) {
    // In a bulk write the driver wraps the error in another one.
    const { errorResponse } = error as { readonly errorResponse: unknown };
    if (errorResponse instanceof Error && isPassing(errorResponse)) return true;
    if (error.result.getWriteConcernError()) return true;
  }
  return passingCodes.has(error.code) || passingNames.has(error.name);
}

/** Rejects with `Unavailable` for passing errors, without the contents of the driver's error, which are whole documents. */
function told(error: unknown): never {
  if (!isPassing(error)) throw error;
  const { name, code } = error as { readonly name: string; readonly code?: unknown };
  throw new Unavailable('STORE_UNAVAILABLE', code === undefined ? name : `${name} ${String(code)}`);
}

/** Ends an operation that takes too long, and makes the driver release its connection. */
class Deadline {
  private readonly giveUp = new AbortController();

  constructor(private readonly withinMs: number) {}

  get signal(): AbortSignal {
    return this.giveUp.signal;
  }

  get isOver(): boolean {
    return this.signal.aborted;
  }

  async hold<T>(work: PromiseLike<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const error = new Unavailable('STORE_UNAVAILABLE', `no answer within ${this.withinMs} ms`);
        reject(error);
        this.giveUp.abort(error);
      }, this.withinMs);
    });
    try {
      return await Promise.race([work, late]);
    } catch (error) {
      return told(error);
    } finally {
      clearTimeout(timer);
    }
  }
}

/**
 * The index of each operation's options argument. Operations that are not listed, such as creating indexes, have no
 * time limit.
 */
const optionsAt: ReadonlyMap<unknown, number> = new Map([
  ['aggregate', 1],
  ['bulkWrite', 1],
  ['deleteMany', 1],
  ['deleteOne', 1],
  ['find', 1],
  ['findOne', 1],
  ['insertMany', 1],
  ['insertOne', 1],
  ['replaceOne', 2],
  ['updateMany', 2],
  ['updateOne', 2],
]);

/**
 * Wraps a collection so that its operations, and each page of a cursor, end within `withinMs`, and reject with
 * `Unavailable` when the server cannot be reached or does not answer. The driver's own limit is silence on a socket,
 * which misses an operation that has lost its socket.
 */
export function reachable<Collection extends object>(collection: Collection, withinMs: number): Collection {
  return new Proxy(collection, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name, target);
      if (typeof method !== 'function') return method;
      const at = optionsAt.get(name);
      return (...args: unknown[]) => {
        if (at === undefined) return passedOn(method.apply(target, args));
        const deadline = new Deadline(withinMs);
        args[at] = { ...(args[at] as object | undefined), signal: deadline.signal };
        const asked: unknown = method.apply(target, args);
        return asked instanceof Promise ? deadline.hold(asked) : reachableCursor(asked as Cursor, deadline);
      };
    },
  });
}

export function passedOn<T>(result: T): T {
  return result instanceof Promise ? (result.catch(told) as T) : result;
}

type Cursor = mongoose.mongo.AbstractCursor<unknown>;

function reachableCursor(cursor: Cursor, deadline: Deadline): Cursor {
  const itself: Cursor = new Proxy(cursor, {
    get(target, name) {
      if (name === Symbol.asyncIterator) return () => documentsOf(target, deadline);
      const method: unknown = Reflect.get(target, name, target);
      if (typeof method !== 'function') return method;
      return (...args: unknown[]) => {
        const result: unknown = method.apply(target, args);
        if (result === target) return itself;
        return result instanceof Promise ? deadline.hold(result) : result;
      };
    },
  });
  return itself;
}

async function* documentsOf(cursor: Cursor, deadline: Deadline): AsyncGenerator<unknown> {
  const documents = cursor[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = documents.next();
      const { done, value } = await (cursor.bufferedCount() > 0 ? next : deadline.hold(next));
      if (done) return;
      yield value;
    }
  } finally {
    // After a hanging operation, waiting for this would hang as well.
    const ended = documents.return(undefined);
    if (deadline.isOver) ended.catch(() => undefined);
    else await deadline.hold(ended);
  }
}
