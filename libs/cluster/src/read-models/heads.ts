import { Unavailable } from '@readership/kernel';
import { isDuplicate } from '../mongo.js';
import { chunks } from '../chunks.js';
import { copy, documentsAtOnce } from './copying.js';
import {
  allOf,
  entryIds,
  latest,
  type HeadDoc,
  type ReadModelCollections,
  type Puts,
  type RowDoc,
} from './documents.js';
import { plain, separator } from './ordered-text.js';

const finishesMax = 20;
/** More than a model has, so that its heads come in one batch. */
const partitionsMax = 1_000;

/** The heads: one document per model and partition, whose replacement is a commit. */
export class Heads {
  constructor(private readonly collections: ReadModelCollections) {}

  /** The head as it is, without its puts; `null` before the first commit. */
  glance(id: string): Promise<Omit<HeadDoc, 'puts'> | null> {
    return this.collections.heads.findOne({ _id: id }, { projection: { puts: 0 } });
  }

  /** The heads of a model's partitions as they are, without their puts. */
  glances(model: string): Promise<Omit<HeadDoc, 'puts'>[]> {
    const { heads } = this.collections;
    return heads.find({ _id: allOf(model) }, { projection: { puts: 0 }, batchSize: partitionsMax }).toArray();
  }

  /** The head once all its puts are in place, which this call ensures; `null` before the first commit. */
  async settled(id: string): Promise<HeadDoc | null> {
    for (let finishes = 0; finishes < finishesMax; finishes++) {
      const head = await this.collections.heads.findOne({ _id: id });
      if (!head || head.copied || (await this.finish(head))) return head;
    }
    throw new Unavailable('BUSY', 'others commit faster than their commits can be finished');
  }

  /** Replaces the head of revision `before` (0 when there is none). Resolves to false when it was another. */
  async replace(before: number, head: HeadDoc): Promise<boolean> {
    const { _id, ...rest } = head;
    if (before > 0) {
      const filter = { _id, rev: before, copied: true };
      return (await this.collections.heads.replaceOne(filter, rest)).matchedCount === 1;
    }
    try {
      await this.collections.heads.insertOne(head);
      return true;
    } catch (error) {
      if (isDuplicate(error)) return false;
      throw error;
    }
  }

  /**
   * Copies the puts and marks the head as copied. Resolves to false when a later head is stored, whose owner has copied
   * this one.
   */
  async finish({ _id, rev, puts, copied }: HeadDoc): Promise<boolean> {
    if (copied || puts === null) return true;
    await copy(this.collections, rev, puts);
    const done = { $set: { copied: true, puts: null } };
    if ((await this.collections.heads.updateOne({ _id, rev }, done)).matchedCount === 1) return true;
    await this.takeBack(_id.slice(0, _id.indexOf(' ')), rev, puts);
    return false;
  }

  /**
   * Removes entries that a late copy restored after a later commit had removed them. They do not harm a list but may
   * contain a name.
   */
  private async takeBack(model: string, rev: number, { entered }: Puts): Promise<void> {
    for (const some of chunks(entered, documentsAtOnce)) {
      const keyOf = (id: string): string => id.slice(id.indexOf(separator) + 1);
      const rows = new Map<string, RowDoc>();
      const ids = [...new Set(some.map(({ _id }) => `${model} ${keyOf(_id)}`))];
      for await (const row of this.collections.rows.find({ _id: { $in: ids } }, latest))
        rows.set(row._id, row);
      const strays = some.filter(({ _id }) => {
        const key = keyOf(_id);
        return !entryIds(model, plain(key), rows.get(`${model} ${key}`)?.entries ?? null).has(_id);
      });
      const gone = strays.map(({ _id }) => _id);
      if (gone.length > 0) await this.collections.entries.deleteMany({ _id: { $in: gone }, rev });
    }
  }
}
