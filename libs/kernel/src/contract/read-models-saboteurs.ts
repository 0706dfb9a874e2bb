import type { ReadModels } from '../ports/read-models.js';
import { around, type Saboteur } from './contract.js';
import { readModelsBackwardsSaboteurs } from './read-models-backwards-saboteurs.js';

type ReadModelsSaboteur = Saboteur<ReadModels>;

const simple = (
  name: string,
  breaks: string,
  replaced: (models: ReadModels) => Partial<ReadModels>,
): ReadModelsSaboteur => ({ name, breaks, begin: () => (models) => around(models, replaced(models)) });

const seen = 'what commit stored is seen by every later read: rows, cells, parked records and checkpoint';
const stale = 'when the rev of the checkpoint is not from, commit answers stale and changes nothing';
const paged = 'lists never skip or repeat a row that did not change between pages';

/** Wrappers that each break one guarantee of correct read models. */
export const readModelsSaboteurs: readonly ReadModelsSaboteur[] = [
  ...readModelsBackwardsSaboteurs,
  simple('commits rows but not cells', seen, (models) => ({
    commit: (model, partition, batch) => models.commit(model, partition, { ...batch, cells: new Map() }),
  })),
  simple('commits without the parked records', seen, (models) => ({
    commit: (model, partition, batch) => models.commit(model, partition, { ...batch, parked: [] }),
  })),
  simple('ignores where the checkpoint is', stale, (models) => ({
    commit: async (model, partition, batch) => {
      const { rev } = await models.checkpoint(model, partition);
      return models.commit(model, partition, { ...batch, from: rev });
    },
  })),
  {
    name: 'compares offsets only, which a commit that unparks leaves where they are',
    breaks:
      'every commit raises rev by one, also one that leaves the offset where it is, and what was made before is stale',
    begin: () => {
      const offsets = new Map<number, number>();
      return (models) =>
        around(models, {
          async commit(model, partition, batch) {
            const { rev, offset } = await models.checkpoint(model, partition);
            const isThere = rev > 0 && offsets.get(batch.from) === offset;
            const from = isThere ? rev : batch.from;
            const outcome = await models.commit(model, partition, { ...batch, from });
            if (outcome === 'committed') offsets.set(from + 1, batch.to.offset);
            return outcome;
          },
        });
    },
  },
  simple('says committed when it is stale', stale, (models) => ({
    commit: async (...args) => {
      await models.commit(...args);
      return 'committed';
    },
  })),
  simple('adds cells before it looks at the checkpoint', stale, (models) => ({
    commit: async (model, partition, batch) => {
      const checkpoint = await models.checkpoint(model, partition);
      if (checkpoint.rev === batch.from) return models.commit(model, partition, batch);
      const { cells } = batch;
      await models.commit(model, partition, {
        from: checkpoint.rev,
        to: checkpoint,
        rows: new Map(),
        cells,
        parked: [],
        unparked: [],
      });
      return 'stale';
    },
  })),
  simple('stores row by row', 'a commit is all or nothing', (models) => ({
    commit: async (model, partition, batch) => {
      const checkpoint = await models.checkpoint(model, partition);
      if (checkpoint.rev !== batch.from) return 'stale';
      let { from } = batch;
      for (const row of batch.rows) {
        const alone = {
          from: from++,
          to: checkpoint,
          rows: new Map([row]),
          cells: new Map(),
          parked: [],
          unparked: [],
        };
        await models.commit(model, partition, alone);
      }
      return models.commit(model, partition, { ...batch, from, rows: new Map() });
    },
  })),
  {
    name: 'loses the counts when it is opened again',
    breaks: 'what was committed is durable',
    begin: () => {
      let openings = 0;
      return (models) => (++openings === 1 ? models : around(models, { cells: async () => new Map() }));
    },
  },
  {
    name: 'begins at 0 when it is opened again',
    breaks: 'what was committed is durable',
    begin: () => {
      let openings = 0;
      return (models) =>
        ++openings === 1
          ? models
          : around(models, {
              checkpoint: async (...args) => ({ ...(await models.checkpoint(...args)), rev: 0, offset: 0 }),
              checkpoints: async (...args) =>
                (await models.checkpoints(...args)).map((one) => ({ ...one, rev: 0, offset: 0 })),
            });
    },
  },
  simple('keeps deleted rows', 'a row is replaced or deleted, and its index values with it', (models) => ({
    commit: (model, partition, batch) =>
      models.commit(model, partition, {
        ...batch,
        rows: new Map([...batch.rows].filter(([, { row }]) => row !== null)),
      }),
  })),
  simple(
    'keeps index values of rows that changed',
    'a row is replaced or deleted, and its index values with it',
    (models) => {
      const added = new Map<string, readonly string[]>();
      return {
        commit: (model, partition, batch) => {
          const rows = new Map(
            [...batch.rows].map(([key, { row, indexes }]) => {
              const name = [...(added.get(key) ?? []), ...(indexes['name'] ?? [])];
              added.set(key, name);
              return [key, { row, indexes: { ...indexes, name } }];
            }),
          );
          return models.commit(model, partition, { ...batch, rows });
        },
      };
    },
  ),
  simple('pages by number and so skips when rows go', paged, (models) => ({
    under: async (model, key, { after, limit }) => {
      const skip = after === undefined ? 0 : Number(after);
      const { rows } = await models.under<any>(model, key, { limit: skip + limit + 1 });
      return {
        rows: rows.slice(skip, skip + limit),
        next: rows.length > skip + limit ? String(skip + limit) : null,
      };
    },
  })),
  simple(
    'repeats the last row of a page',
    'under gives the item rows of a key, in key order, in pages of at most the limit',
    (models) => ({
      under: async (model, key, { after, limit }) => {
        const rest = { limit: 1000 };
        const { rows } = await models.under<any>(model, key, rest);
        const from = after === undefined ? 0 : rows.findIndex((row) => row.key >= after);
        const page = rows.slice(from, from + limit);
        return {
          rows: page,
          next: from + limit < rows.length ? (limit === 1 ? rows[from + 1]!.key : page.at(-1)!.key) : null,
        };
      },
    }),
  ),
  simple(
    'ignores the limit',
    'all gives every row of a model once, in a stable order, in pages of at most the limit',
    (models) => ({
      all: (model, page) => models.all(model, { ...page, limit: page.limit + 1 }),
    }),
  ),
  simple(
    'forgets which partition a cell is of',
    'shares gives what each partition adds to each cell once, without zeros, in pages of at most the limit',
    (models) => ({
      shares: async (model, page) => {
        const { shares, next } = await models.shares(model, page);
        return { shares: shares.map((share) => ({ ...share, partition: 0 })), next };
      },
    }),
  ),
  simple(
    'takes the end of a range for a part of it',
    'find gives the rows of a range from its start to before its end, each at the first of its values there',
    (models) => ({
      find: (model, index, by, page) =>
        models.find<any>(model, index, 'to' in by ? { from: by.from, to: `${by.to}\u0001` } : by, page),
    }),
  ),
  simple(
    'finds nothing after the first page',
    'find gives each row once, in value order, in pages of at most the limit',
    (models) => ({
      find: async (...args) => ({ ...(await models.find<any>(...args)), next: null }),
    }),
  ),
  simple(
    'knows only the partitions that something was committed to',
    'checkpoints are those of every partition, also of one that nothing was committed to',
    (models) => ({
      checkpoints: async (model) => (await models.checkpoints(model)).filter(({ rev }) => rev > 0),
    }),
  ),
  simple(
    'mixes models whose names begin alike',
    'checkpoints are those of every partition, also of one that nothing was committed to',
    (models) => ({
      checkpoints: async (model) => {
        const ids = (await models.models()).filter((id) => id.startsWith(model));
        const all = await Promise.all(ids.map((id) => models.checkpoints(id)));
        const own = await models.checkpoints(model);
        return own.map((one, p) =>
          all.map((of) => of[p]!).reduce((a, b) => (b.offset > a.offset ? b : a), one),
        );
      },
    }),
  ),
  simple(
    'counts a cell again for each range that it lies in',
    'cells of several ranges come once each, in whatever order the ranges are and however they overlap',
    (models) => ({
      cells: async (model, ranges) => {
        const sums = new Map<string, number>();
        for (const range of ranges) {
          for (const [cell, n] of await models.cells(model, [range]))
            sums.set(cell, (sums.get(cell) ?? 0) + n);
        }
        return sums;
      },
    }),
  ),
  simple(
    'reads from the first range to the last',
    'cells of several ranges come once each, in whatever order the ranges are and however they overlap',
    (models) => ({
      cells: (model, ranges) => {
        const [from] = ranges.map((range) => range.from).sort();
        const to = ranges
          .map((range) => range.to)
          .sort()
          .at(-1);
        return models.cells(model, [{ from: from!, to: to! }]);
      },
    }),
  ),
  simple(
    'takes the first 500 ranges of more',
    'one read of cells takes up to 500 ranges, and is refused with none or with more',
    (models) => ({ cells: (model, ranges) => models.cells(model, ranges.slice(0, 500)) }),
  ),
  simple(
    'counts one partition only',
    'partitions have checkpoints and parked records of their own',
    (models) => ({
      checkpoint: (model) => models.checkpoint(model, models.partitions - 1),
      parked: async () => [],
    }),
  ),
  simple(
    'leaves what was unparked',
    'parked records are found by key, and those unparked are gone with the batch that says so',
    (models) => ({
      commit: (model, partition, batch) => models.commit(model, partition, { ...batch, unparked: [] }),
    }),
  ),
  simple(
    'leaves the checkpoint when it drops a model',
    'drop forgets rows, cells, parked records and checkpoints of one model, also when called again',
    (models) => ({
      drop: async (model) => {
        const { offset } = await models.checkpoint(model, 0);
        const to = await models.checkpoint(model, 0);
        await models.drop(model);
        if (offset > 0)
          await models.commit(model, 0, {
            from: 0,
            to,
            rows: new Map(),
            cells: new Map(),
            parked: [],
            unparked: [],
          });
      },
    }),
  ),
];
