import type { AccessRecord, AccessStore } from '../ports/access-store.js';
import { around, type Saboteur } from './contract.js';

type AccessStoreSaboteur = Saboteur<AccessStore>;

const simple = (
  name: string,
  breaks: string,
  replaced: (store: AccessStore) => Partial<AccessStore>,
): AccessStoreSaboteur => ({ name, breaks, begin: () => (store) => around(store, replaced(store)) });

const read = 'what was put is read as it was put, here and elsewhere, and survives';
const once = 'a record is made once, whoever is first';
const revised = 'a record is replaced only in the revision that its writer has read';
const removed = 'exactly the record that was read is removed, once, and can be made again';
const listed = 'a list has every record once, in the order of the ids, a page at a time';

/** Wrappers that each break one guarantee of a correct access database. */
export const accessStoreSaboteurs: readonly AccessStoreSaboteur[] = [
  {
    name: 'keeps what it is given in memory',
    breaks: read,
    begin: () => (store) => {
      const kept = new Map<string, AccessRecord>();
      return around(store, {
        get: async (id) => kept.get(id) ?? store.get(id),
        put: async (id, before, body) => {
          const rev = kept.get(id)?.rev ?? 0;
          if (rev !== before) return false;
          kept.set(id, { id, rev: rev + 1, body });
          return true;
        },
      });
    },
  },
  simple('finds ids in any case', read, (store) => ({ get: (id) => store.get(id.toLowerCase()) })),
  simple('says that it made what was there', once, (store) => ({
    put: async (...args) => {
      await store.put(...args);
      return true;
    },
  })),
  simple('replaces whatever revision is there', revised, (store) => ({
    put: async (id, before, body) => {
      const rev = before === 0 ? 0 : ((await store.get(id))?.rev ?? 0);
      return store.put(id, rev, body);
    },
  })),
  simple('makes what it is told to replace', revised, (store) => ({
    put: async (id, before, body) => store.put(id, (await store.get(id)) === null ? 0 : before, body),
  })),
  simple('removes nothing and says that it did', removed, (store) => ({
    remove: async ({ id, rev, body }) => {
      const found = await store.get(id);
      return found?.rev === rev && found.body === body;
    },
  })),
  simple('removes whatever revision is there', removed, (store) => ({
    remove: async ({ id, body }) => {
      const found = await store.get(id);
      return found?.body === body && store.remove(found);
    },
  })),
  simple('removes a record that was made again', removed, (store) => ({
    remove: async ({ id, rev }) => {
      const found = await store.get(id);
      return found?.rev === rev && store.remove(found);
    },
  })),
  simple('begins every page anew', listed, (store) => {
    let pages = 0;
    // It ends at some time, as a reader would give up.
    return { list: ({ limit }) => store.list({ limit: pages++ < 10 ? limit : 0 }) };
  }),
  simple('skips a record between two pages', listed, (store) => ({
    list: async ({ after, limit }) =>
      (await store.list({ limit: limit + 1, ...(after === undefined ? {} : { after }) })).slice(
        after === undefined ? 0 : 1,
      ),
  })),
];
