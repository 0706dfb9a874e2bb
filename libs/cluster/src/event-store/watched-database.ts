import type { Collection, Database, Doc } from '../mongo.js';

/** One call to the server. */
export interface Operation {
  readonly collection: string;
  readonly name: string;
  readonly writes: boolean;
  readonly filter: unknown;
}

/** Stands between a store and its database: does the operation, or not, or something else. */
export type Watch = (operation: Operation, go: () => Promise<any>) => Promise<any>;

const writing = ['insertMany', 'insertOne', 'bulkWrite', 'updateOne', 'updateMany', 'deleteOne'];
const chained = ['sort', 'limit', 'project'];

/** For tests: a database that shows each operation to `watch` before it is done. */
export function watchedDatabase(database: Database, watch: Watch): Database {
  return {
    collection: <D extends Doc>(name: string): Collection<D> =>
      watched(database.collection<D>(name), name, watch),
    drop: () => database.drop(),
    close: () => database.close(),
  };
}

function watched<T extends object>(collection: T, of: string, watch: Watch): T {
  return new Proxy(collection, {
    get(target, name: string) {
      const method = Reflect.get(target, name, target) as (...args: unknown[]) => any;
      if (name === 'find' || name === 'aggregate') {
        return (...args: unknown[]) =>
          watchedCursor(
            method.apply(target, args),
            { collection: of, name, writes: false, filter: args[0] },
            watch,
          );
      }
      if (name !== 'findOne' && !writing.includes(name)) return method;
      return (...args: unknown[]) =>
        watch({ collection: of, name, writes: name !== 'findOne', filter: args[0] }, () =>
          method.apply(target, args),
        );
    },
  });
}

/** What is read is read at once, so that one look is one operation. */
function watchedCursor<T extends object>(cursor: T, operation: Operation, watch: Watch): T {
  const toArray = () => watch(operation, () => (cursor as { toArray(): Promise<unknown[]> }).toArray());
  const itself: T = new Proxy(cursor, {
    get(target, name) {
      if (name === 'toArray') return toArray;
      if (name === Symbol.asyncIterator) {
        return async function* () {
          yield* await toArray();
        };
      }
      const method = Reflect.get(target, name, target) as (...args: unknown[]) => unknown;
      if (!chained.includes(String(name))) return method;
      return (...args: unknown[]) => {
        method.apply(target, args);
        return itself;
      };
    },
  });
  return itself;
}
