import { setTimeout as pause } from 'node:timers/promises';
import {
  checkRanges,
  ReadModels,
  Refusal,
  start,
  type Batch,
  type CellRange,
  type CellShare,
  type Checkpoint,
  type IndexValues,
  type ListPage,
  type Page,
  type Parked,
} from '@readership/kernel';
import mongoose from 'mongoose';
import type { Collection, Database } from '../mongo.js';
import { chunks } from '../chunks.js';
import { documentsAtOnce } from './copying.js';
import {
  allOf,
  headId,
  indexScope,
  latest,
  parkedId,
  collectionsIn,
  rowId,
  scopeOf,
  valuesOf,
  type HeadDoc,
  type Placed,
  type ReadModelCollections,
  type RowDoc,
} from './documents.js';
import { Heads } from './heads.js';
import { afterAll, afterSeparator, ordered, plain, separator } from './ordered-text.js';
import { CommitPlanner, type Owned } from './commit-plan.js';

const headBytesMax = 8 * 1024 * 1024;
const headsMax = 10_000;
const dropAtOnce = 1000;
const glancesMax = 10;
const glanceMs = 10;
/** More than an answer needs, so that it comes in one batch, whose size the server limits by bytes. */
const cellsAtOnce = 100_000;

/**
 * Rows, counts and checkpoints of one context in its database, without transactions over several documents. A commit
 * replaces one head document, which holds everything that the commit puts in place. That is copied before the next
 * commit and before a checkpoint is read: by the owner, or by whoever comes next.
 */
export class MongoReadModels extends ReadModels {
  private readonly collections: ReadModelCollections;
  private readonly heads: Heads;
  private readonly workingOut: CommitPlanner;
  private readonly owned = new Map<string, Owned>();

  constructor(
    database: Database,
    readonly partitions: number,
  ) {
    super();
    this.collections = collectionsIn(database);
    this.heads = new Heads(this.collections);
    this.workingOut = new CommitPlanner(this.collections);
  }

  async checkpoint(model: string, partition: number): Promise<Checkpoint> {
    const id = headId(model, partition);
    // The owner is most likely about to finish. Without this wait many readers would all copy the same.
    for (let glances = 0; glances < glancesMax; glances++) {
      const head = await this.heads.glance(id);
      if (!head || head.copied) return checkpointOf(head);
      await pause(glanceMs);
    }
    return checkpointOf(await this.heads.settled(id));
  }

  async checkpoints(model: string): Promise<readonly Checkpoint[]> {
    let heads = await this.heads.glances(model);
    for (let glances = 1; glances < glancesMax && heads.some(({ copied }) => !copied); glances++) {
      await pause(glanceMs);
      heads = await this.heads.glances(model);
    }
    const checkpoints = Array.from({ length: this.partitions }, () => start);
    for (const head of heads) {
      const settled = head.copied ? head : await this.heads.settled(head._id);
      checkpoints[Number(head._id.slice(scopeOf(model).length))] = checkpointOf(settled);
    }
    return checkpoints;
  }

  async get<Row extends object>(model: string, key: string): Promise<Row | null> {
    const row = await this.collections.rows.findOne({ _id: rowId(model, key) }, latest);
    return row && row.body !== null ? (JSON.parse(row.body) as Row) : null;
  }

  async getMany<Row extends object>(
    model: string,
    keys: readonly string[],
  ): Promise<ReadonlyMap<string, Row>> {
    const found = new Map<string, Row>();
    const ids = keys.map((key) => rowId(model, key));
    const rows = await this.rows(ids);
    for (const [n, key] of keys.entries()) {
      const row = rows.get(ids[n]!);
      if (row) found.set(key, JSON.parse(row.body!) as Row);
    }
    return found;
  }

  async find<Row extends object>(
    model: string,
    index: string,
    by: IndexValues,
    page: ListPage,
  ): Promise<Page<Row>> {
    const { descending = false } = page;
    const scope = indexScope(model, index);
    const [from, to] = boundsOf(by);
    let after = page.after ?? (descending ? to : from);
    const rows: { key: string; row: Row }[] = [];
    let next: string | null = null;
    for (;;) {
      const [above, below] = descending ? [from, after] : [after, to];
      const entries = await this.collections.entries
        .find({ _id: { $gt: `${scope}${above}`, $lt: `${scope}${below}` } }, latest)
        .sort({ _id: descending ? -1 : 1 })
        .limit(page.limit + 1)
        .toArray();
      const collections = entries.map(({ _id }) => _id.slice(scope.length));
      const pairs = collections.map((place) => place.split(separator) as [value: string, key: string]);
      const led = await this.rows(pairs.map(([, key]) => `${scopeOf(model)}${key}`));
      for (const [n, [value, key]] of pairs.entries()) {
        after = collections[n]!;
        const row = led.get(`${scopeOf(model)}${key}`);
        if (!row || !standsAt(row, index, by, plain(value))) continue;
        if (rows.length === page.limit) return { rows, next };
        rows.push({ key: plain(key), row: JSON.parse(row.body!) as Row });
        next = after;
      }
      if (entries.length <= page.limit) return { rows, next: null };
    }
  }

  async under<Row extends object>(model: string, key: string, page: ListPage): Promise<Page<Row>> {
    // '0' is the character after '/'.
    return this.between(model, [`${ordered(key)}/`, `${ordered(key)}0`], page);
  }

  async all<Row extends object>(
    model: string,
    page: { readonly after?: string; readonly limit: number },
  ): Promise<Page<Row>> {
    return this.between(model, ['', afterAll], page);
  }

  async cells(model: string, ranges: readonly CellRange[]): Promise<ReadonlyMap<string, number>> {
    checkRanges(ranges);
    const scope = scopeOf(model);
    const within = ranges.map(({ from, to }) => ({
      _id: { $gt: `${scope}${ordered(from)}`, $lt: `${scope}${ordered(to)}` },
    }));
    const sums = this.collections.cells.aggregate<{ _id: string; n: number }>(
      [{ $match: { $or: within } }, { $group: { _id: '$cell', n: { $sum: '$n' } } }],
      { ...latest, batchSize: cellsAtOnce },
    );
    const cells = new Map<string, number>();
    for await (const { _id, n } of sums) if (n !== 0) cells.set(plain(_id), n);
    return cells;
  }

  async shares(
    model: string,
    page: { readonly after?: string; readonly limit: number },
  ): Promise<{ readonly shares: readonly CellShare[]; readonly next: string | null }> {
    const range = page.after === undefined ? allOf(model) : { ...allOf(model), $gt: page.after };
    const found = await this.collections.cells
      .find({ _id: range, n: { $ne: 0 } }, latest)
      .sort({ _id: 1 })
      .limit(page.limit + 1)
      .toArray();
    const shares = found.slice(0, page.limit).map(({ _id, cell, n }) => ({
      cell: plain(cell),
      partition: Number(_id.slice(_id.lastIndexOf(separator) + 1)),
      n,
    }));
    return { shares, next: found.length > page.limit ? found[page.limit - 1]!._id : null };
  }

  /** Rejects with `BATCH_TOO_LARGE`, before anything is written, when the head document would exceed 8 MiB. */
  async commit(model: string, partition: number, batch: Batch): Promise<'committed' | 'stale'> {
    const id = headId(model, partition);
    try {
      const owned = await this.ownedAt(id, batch.from);
      if (!owned) return 'stale';
      // Read before everything else, so that another commit meanwhile makes the replacement fail.
      const before = owned.rev;
      const head = await this.headAfter(owned, model, partition, batch);
      if (!(await this.heads.replace(before, head))) {
        this.owned.delete(id);
        return 'stale';
      }
      if (await this.heads.finish(head)) this.remember(owned, head);
      else this.owned.delete(id);
      return 'committed';
    } catch (error) {
      this.owned.delete(id);
      throw error;
    }
  }

  async parked(
    model: string,
    partition: number,
    page: { readonly after?: number; readonly limit: number; readonly key?: string },
  ): Promise<readonly Parked[]> {
    const range = {
      $gt: parkedId(model, partition, page.after ?? 0),
      $lt: `${headId(model, partition)}!`,
    };
    const key = page.key === undefined ? { $ne: null } : ordered(page.key);
    const found = this.collections.parked
      .find({ _id: range, key }, latest)
      .sort({ _id: 1 })
      .limit(page.limit);
    return (await found.toArray()).map(({ body }) => JSON.parse(body!) as Parked);
  }

  /** Deletes a model. Reuse its name only when nobody commits under it any more, because a late copy would count as new. */
  async drop(model: string): Promise<void> {
    // Without its heads the model is gone for every processor, and the rest only uses space.
    await this.collections.heads.deleteMany({ _id: allOf(model) });
    for (const id of this.owned.keys()) if (id.startsWith(scopeOf(model))) this.owned.delete(id);
    const { rows, entries, cells, parked } = this.collections;
    for (const collection of [entries, rows, cells, parked]) {
      const placed = collection as unknown as Collection<Placed>;
      for (let deleted = dropAtOnce; deleted === dropAtOnce;) {
        const some = await placed
          .find({ _id: allOf(model) }, { ...latest, projection: { _id: 1 } })
          .limit(dropAtOnce)
          .toArray();
        deleted = some.length;
        if (deleted > 0) await placed.deleteMany({ _id: { $in: some.map(({ _id }) => _id) } });
      }
    }
  }

  async models(): Promise<readonly string[]> {
    const heads = await this.collections.heads
      .find({}, { projection: { _id: 1 } })
      .limit(headsMax)
      .toArray();
    return [...new Set(heads.map(({ _id }) => _id.slice(0, _id.indexOf(' '))))].sort();
  }

  /** The head when its checkpoint's `rev` is `from`, from memory or else from the database; `null` when it is another. */
  private async ownedAt(id: string, from: number): Promise<Owned | null> {
    const known = this.owned.get(id);
    if (known?.checkpointRev === from) return known;
    const head = await this.heads.settled(id);
    const owned =
      known && known.rev === head?.rev
        ? known
        : { rev: head?.rev ?? 0, checkpointRev: checkpointOf(head).rev, indexed: head?.indexed ?? false };
    this.owned.set(id, owned);
    return owned.checkpointRev === from ? owned : null;
  }

  private async headAfter(owned: Owned, model: string, partition: number, batch: Batch): Promise<HeadDoc> {
    // A first revision is higher than all revisions of a dropped model of the same name, so leftovers are overwritten.
    const rev = owned.rev === 0 ? Date.now() : owned.rev + 1;
    const puts = await this.workingOut.puts(owned, model, partition, batch);
    const nothing = Object.values(puts).every((list) => list.length === 0);
    const head: HeadDoc = {
      _id: headId(model, partition),
      rev,
      checkpoint: { ...batch.to, rev: batch.from + 1 },
      copied: nothing,
      indexed: owned.indexed || puts.entered.length > 0,
      puts: nothing ? null : puts,
    };
    if (mongoose.mongo.BSON.calculateObjectSize(head) > headBytesMax) {
      throw new Refusal('BATCH_TOO_LARGE', 'invalid', 'Commit fewer records at once: these make over 8 MiB.');
    }
    return head;
  }

  private remember(owned: Owned, { rev, checkpoint, indexed, puts }: HeadDoc): void {
    owned.rev = rev;
    owned.checkpointRev = checkpoint.rev;
    owned.indexed = indexed;
    if (puts) this.workingOut.remember(owned, puts);
  }

  /** Existing rows that are not deleted, by id. */
  private async rows(ids: readonly string[]): Promise<ReadonlyMap<string, RowDoc>> {
    const found = new Map<string, RowDoc>();
    for (const some of chunks(ids, documentsAtOnce)) {
      for await (const row of this.collections.rows.find({ _id: { $in: [...some] } }, latest)) {
        if (row.body !== null) found.set(row._id, row);
      }
    }
    return found;
  }

  private async between<Row extends object>(
    model: string,
    [from, to]: readonly [string, string],
    { after, limit, descending = false }: ListPage,
  ): Promise<Page<Row>> {
    const scope = scopeOf(model);
    const cursor = after === undefined ? null : ordered(after);
    const [above, below] = descending ? [from, cursor ?? to] : [cursor ?? from, to];
    const range = { $gt: `${scope}${above}`, $lt: `${scope}${below}` };
    const found = await this.collections.rows
      .find({ _id: range, body: { $ne: null } }, latest)
      .sort({ _id: descending ? -1 : 1 })
      .limit(limit + 1)
      .toArray();
    const rows = found
      .slice(0, limit)
      .map(({ _id, body }) => ({ key: plain(_id.slice(scope.length)), row: JSON.parse(body!) as Row }));
    return { rows, next: found.length > limit ? rows[rows.length - 1]!.key : null };
  }
}

function checkpointOf(head: Pick<HeadDoc, 'checkpoint'> | null): Checkpoint {
  // Heads that were written before checkpoints had a `rev` begin at 0.
  return { ...start, ...head?.checkpoint };
}

/** The places of an index, in the ordered form, are after the first and before the second of these. */
function boundsOf(by: IndexValues): readonly [from: string, to: string] {
  if ('value' in by) {
    const value = ordered(by.value);
    return [`${value}${separator}`, `${value}${afterSeparator}`];
  }
  if ('from' in by) return [ordered(by.from), ordered(by.to)];
  return [ordered(by.prefix), `${ordered(by.prefix)}${afterAll}`];
}

/** True when this is the first of the row's values that are looked for. A row comes in a list once, at that value. */
function standsAt({ entries }: RowDoc, index: string, by: IndexValues, value: string): boolean {
  const values = entries === null ? [] : (valuesOf(entries)[index] ?? []);
  if (!values.includes(value)) return false;
  if ('value' in by) return true;
  const from = 'from' in by ? by.from : by.prefix;
  return !values.some((other) => other >= from && other < value);
}
