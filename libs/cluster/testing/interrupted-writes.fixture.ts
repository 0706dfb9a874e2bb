import type { Collection, Database, Doc } from '../src/mongo.js';

/** Stands between the adapter and `documents` writes sent at once; `write(n)` does the first n of them. */
export type Between = (documents: number, write: (first: number) => Promise<unknown>) => Promise<unknown>;

const single = ['insertOne', 'replaceOne', 'updateOne', 'deleteMany'];

/** A database with `between` before every write. */
export function interrupted(database: Database, between: Between): Database {
  const around = <D extends Doc>(collection: Collection<D>): Collection<D> =>
    new Proxy(collection, {
      get(target, name) {
        const method: unknown = Reflect.get(target, name, target);
        if (typeof method !== 'function') return method;
        const call = (...args: unknown[]): any => method.apply(target, args);
        if (single.includes(name as string)) {
          return (...args: unknown[]) =>
            between(1, async (first) => (first > 0 ? await call(...args) : undefined));
        }
        if (name !== 'bulkWrite') return call;
        return (writes: readonly unknown[], options: unknown) =>
          between(writes.length, async (first) =>
            first > 0 ? await call(writes.slice(0, first), options) : undefined,
          );
      },
    });
  return {
    collection: (name) => around(database.collection(name)),
    drop: () => database.drop(),
    close: () => database.close(),
  };
}

/** Lets `writes` documents be written and none after. With `unheard` the adapter is told that the last one failed. */
export function stopping(writes: number, unheard = false): Between {
  let left = writes;
  return async (documents, write) => {
    const first = Math.min(left, documents);
    const goesOn = unheard ? left > documents : left >= documents;
    left -= first;
    if (goesOn) return write(documents);
    await Promise.resolve(write(first)).catch(() => undefined);
    throw new Error('stopped');
  };
}

/** Waits after `writes` documents until the test continues it, then does the rest. */
export function pausing(writes: number): {
  readonly between: Between;
  readonly reached: Promise<void>;
  goOn(): void;
} {
  let left = writes;
  let goOn = (): void => undefined;
  let reach = (): void => undefined;
  const gate = new Promise<void>((resolve) => (goOn = resolve));
  const reached = new Promise<void>((resolve) => (reach = resolve));
  const between: Between = async (documents, write) => {
    const first = Math.min(left, documents);
    left -= first;
    if (first < documents) {
      await Promise.resolve(write(first)).catch(() => undefined);
      reach();
      await gate;
    }
    return write(documents);
  };
  return { between, reached, goOn: () => goOn() };
}
