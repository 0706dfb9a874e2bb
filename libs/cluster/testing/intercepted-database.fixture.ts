import type { Collection, Database, Doc } from '../src/mongo.js';

/** One call to the server. */
export interface Operation {
  readonly collection: string;
  readonly name: string;
  readonly writes: boolean;
  readonly filter: unknown;
}

/** Stands between a store and its database: runs the operation, skips it, or does something else. */
export type Interceptor = (operation: Operation, go: () => Promise<any>) => Promise<any>;

const writing = ['insertMany', 'insertOne', 'bulkWrite', 'updateOne', 'updateMany', 'deleteOne'];
const chained = ['sort', 'limit', 'project'];

/** A database whose operations each go through `intercept`. */
export function interceptedDatabase(database: Database, intercept: Interceptor): Database {
  return {
    collection: <D extends Doc>(name: string): Collection<D> =>
      interceptedCollection(database.collection<D>(name), name, intercept),
    drop: () => database.drop(),
    close: () => database.close(),
  };
}

function interceptedCollection<T extends object>(collection: T, of: string, intercept: Interceptor): T {
  return new Proxy(collection, {
    get(target, name: string) {
      const method = Reflect.get(target, name, target) as (...args: unknown[]) => any;
      if (name === 'find' || name === 'aggregate') {
        return (...args: unknown[]) =>
          interceptedCursor(
            method.apply(target, args),
            { collection: of, name, writes: false, filter: args[0] },
            intercept,
          );
      }
      if (name !== 'findOne' && !writing.includes(name)) return method;
      return (...args: unknown[]) =>
        intercept({ collection: of, name, writes: name !== 'findOne', filter: args[0] }, () =>
          method.apply(target, args),
        );
    },
  });
}

/** Reads a cursor whole, so that one query is one operation. */
function interceptedCursor<T extends object>(cursor: T, operation: Operation, intercept: Interceptor): T {
  const toArray = () => intercept(operation, () => (cursor as { toArray(): Promise<unknown[]> }).toArray());
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
