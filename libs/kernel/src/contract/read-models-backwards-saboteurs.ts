import type { ReadModels } from '../ports/read-models.js';
import { around, type Saboteur } from './contract.js';

const simple = (
  name: string,
  breaks: string,
  replaced: (models: ReadModels) => Partial<ReadModels>,
): Saboteur<ReadModels> => ({ name, breaks, begin: () => (models) => around(models, replaced(models)) });

const found = 'descending, find gives the same rows from the last to the first, also those of one value';
const under = 'descending, under gives the item rows of a key from the last to the first';
const paged = 'descending lists never skip or repeat a row that did not change between pages';
const ranged =
  'find gives the rows of a range from its start to before its end, each at the first of its values there';
const all = { limit: 1000 };

/** Wrappers that each break one guarantee of lists that are read backwards, or by a range. */
export const readModelsBackwardsSaboteurs: readonly Saboteur<ReadModels>[] = [
  simple('ignores descending when it finds', found, (models) => ({
    find: (model, index, by, { descending: _, ...page }) => models.find<any>(model, index, by, page),
  })),
  simple('ignores descending under a key', under, (models) => ({
    under: (model, key, { descending: _, ...page }) => models.under<any>(model, key, page),
  })),
  simple('turns each page round instead of the list', under, (models) => ({
    async under(model, key, { descending = false, ...page }) {
      const { rows, next } = await models.under<any>(model, key, page);
      return { rows: descending ? rows.toReversed() : rows, next };
    },
  })),
  simple('goes backwards by value but forwards among rows of one value', found, (models) => ({
    async find(model, index, by, page) {
      const { rows, next } = await models.find<any>(model, index, by, page);
      // Only a search for one value is known to give rows of one value.
      const isOne = page.descending === true && 'value' in by;
      return { rows: isOne ? rows.toSorted((a, b) => (a.key < b.key ? -1 : 1)) : rows, next };
    },
  })),
  simple('skips a row at the border of pages', found, (models) => ({
    async find(model, index, by, page) {
      if (page.descending !== true) return models.find<any>(model, index, by, page);
      const { rows, next } = await models.find<any>(model, index, by, { ...page, limit: page.limit + 1 });
      return { rows: rows.slice(0, page.limit), next };
    },
  })),
  simple('repeats the row at the border of pages', under, (models) => ({
    async under(model, key, page) {
      if (page.descending !== true) return models.under<any>(model, key, page);
      const { rows } = await models.under<any>(model, key, { ...all, descending: true });
      const from = page.after === undefined ? 0 : rows.findIndex((row) => row.key <= page.after!);
      const end = from + page.limit;
      const last = rows[page.limit === 1 ? end : end - 1];
      return { rows: rows.slice(from, end), next: end < rows.length ? last!.key : null };
    },
  })),
  simple('counts the rows it has shown', paged, (models) => ({
    async find(model, index, by, page) {
      if (page.descending !== true) return models.find<any>(model, index, by, page);
      const shown = page.after === undefined ? 0 : Number(page.after);
      const { rows } = await models.find<any>(model, index, by, { ...all, descending: true });
      const end = shown + page.limit;
      return { rows: rows.slice(shown, end), next: rows.length > end ? String(end) : null };
    },
  })),
  simple('leaves the beginning of a range out', ranged, (models) => ({
    find: (model, index, by, page) =>
      models.find<any>(model, index, 'to' in by ? { from: `${by.from}\u0001`, to: by.to } : by, page),
  })),
];
