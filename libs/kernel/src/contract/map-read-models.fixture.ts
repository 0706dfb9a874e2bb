import {
  checkRanges,
  ReadModels,
  start,
  type Batch,
  type CellRange,
  type CellShare,
  type Checkpoint,
  type IndexValues,
  type ListPage,
  type Page,
  type Parked,
  type RowChange,
} from '../ports/read-models.js';

interface StoredModel {
  readonly checkpoints: Map<number, Checkpoint>;
  readonly rows: Map<string, { readonly body: string; readonly indexes: RowChange['indexes'] }>;
  /** By `<cell> <partition>`. */
  readonly shares: Map<string, CellShare>;
  readonly parked: Map<number, Map<number, Parked>>;
}

const byText =
  <T>(text: (one: T) => string) =>
  (a: T, b: T) =>
    text(a) < text(b) ? -1 : 1;

/** Read models in plain maps, for specs of the kernel, which knows no adapter. */
export class MapReadModels extends ReadModels {
  constructor(
    readonly partitions: number,
    /** The data, which survives when another object is made over it. */
    private readonly stored = new Map<string, StoredModel>(),
  ) {
    super();
  }

  async checkpoint(model: string, partition: number): Promise<Checkpoint> {
    return this.stored.get(model)?.checkpoints.get(partition) ?? start;
  }

  async checkpoints(model: string): Promise<readonly Checkpoint[]> {
    const of = this.stored.get(model)?.checkpoints;
    return Array.from({ length: this.partitions }, (_, partition) => of?.get(partition) ?? start);
  }

  async get<Row extends object>(model: string, key: string): Promise<Row | null> {
    const row = this.stored.get(model)?.rows.get(key);
    return row ? (JSON.parse(row.body) as Row) : null;
  }

  async getMany<Row extends object>(model: string, keys: readonly string[]): Promise<Map<string, Row>> {
    const found = new Map<string, Row>();
    for (const key of keys) {
      const row = await this.get<Row>(model, key);
      if (row) found.set(key, row);
    }
    return found;
  }

  async find<Row extends object>(
    model: string,
    index: string,
    by: IndexValues,
    page: ListPage,
  ): Promise<Page<Row>> {
    const fits = (value: string) => {
      if ('value' in by) return value === by.value;
      return 'prefix' in by ? value.startsWith(by.prefix) : value >= by.from && value < by.to;
    };
    const listed = [...(this.stored.get(model)?.rows ?? [])].flatMap(([key, { indexes }]) => {
      const [first] = (indexes[index] ?? []).filter(fits).sort();
      return first === undefined ? [] : [{ key, place: `${first}\u0000${key}` }];
    });
    return this.page(model, listed, page);
  }

  async under<Row extends object>(model: string, key: string, page: ListPage): Promise<Page<Row>> {
    return this.page(
      model,
      this.listed(model, (rowKey) => rowKey.startsWith(`${key}/`)),
      page,
    );
  }

  async all<Row extends object>(
    model: string,
    page: { readonly after?: string; readonly limit: number },
  ): Promise<Page<Row>> {
    return this.page(
      model,
      this.listed(model, () => true),
      page,
    );
  }

  async cells(model: string, ranges: readonly CellRange[]): Promise<ReadonlyMap<string, number>> {
    checkRanges(ranges);
    const sums = new Map<string, number>();
    for (const { cell, n } of this.stored.get(model)?.shares.values() ?? []) {
      if (ranges.some(({ from, to }) => cell >= from && cell < to)) sums.set(cell, (sums.get(cell) ?? 0) + n);
    }
    return sums;
  }

  async shares(
    model: string,
    { after = '', limit }: { readonly after?: string; readonly limit: number },
  ): Promise<{ readonly shares: readonly CellShare[]; readonly next: string | null }> {
    const left = [...(this.stored.get(model)?.shares ?? [])]
      .filter(([place, { n }]) => place > after && n !== 0)
      .sort(byText(([place]) => place));
    const shares = left.slice(0, limit);
    return { shares: shares.map(([, share]) => share), next: left.length > limit ? shares.at(-1)![0] : null };
  }

  async commit(model: string, partition: number, batch: Batch): Promise<'committed' | 'stale'> {
    const { rev } = this.stored.get(model)?.checkpoints.get(partition) ?? start;
    if (rev !== batch.from) return 'stale';
    // A row that cannot be encoded throws here, before anything has changed.
    const bodies = [...batch.rows].map(([key, { row, indexes }]) => ({
      key,
      indexes,
      body: row === null ? null : JSON.stringify(row),
    }));
    const into = this.stored.get(model) ?? {
      checkpoints: new Map(),
      rows: new Map(),
      shares: new Map(),
      parked: new Map(),
    };
    this.stored.set(model, into);
    into.checkpoints.set(partition, { ...batch.to, rev: batch.from + 1 });
    for (const { key, body, indexes } of bodies) {
      if (body === null) into.rows.delete(key);
      else into.rows.set(key, { body, indexes });
    }
    for (const [cell, change] of batch.cells) {
      const place = `${cell} ${partition}`;
      into.shares.set(place, { cell, partition, n: (into.shares.get(place)?.n ?? 0) + change });
    }
    const parked = into.parked.get(partition) ?? new Map<number, Parked>();
    into.parked.set(partition, parked);
    for (const offset of batch.unparked) parked.delete(offset);
    for (const record of batch.parked) parked.set(record.offset, record);
    return 'committed';
  }

  async parked(
    model: string,
    partition: number,
    { after = 0, limit, key }: { readonly after?: number; readonly limit: number; readonly key?: string },
  ): Promise<readonly Parked[]> {
    return [...(this.stored.get(model)?.parked.get(partition)?.values() ?? [])]
      .filter((record) => record.offset > after && (key === undefined || record.key === key))
      .sort((a, b) => a.offset - b.offset)
      .slice(0, limit);
  }

  async drop(model: string): Promise<void> {
    this.stored.delete(model);
  }

  async models(): Promise<readonly string[]> {
    return [...this.stored.keys()].sort();
  }

  private listed(model: string, wanted: (key: string) => boolean) {
    return [...(this.stored.get(model)?.rows.keys() ?? [])]
      .filter(wanted)
      .map((key) => ({ key, place: key }));
  }

  private page<Row extends object>(
    model: string,
    listed: readonly { readonly key: string; readonly place: string }[],
    { after, limit, descending = false }: ListPage,
  ): Page<Row> {
    const ordered = listed.toSorted(byText(({ place }) => place));
    if (descending) ordered.reverse();
    const left = ordered.filter(
      ({ place }) => after === undefined || (descending ? place < after : place > after),
    );
    const rows = left
      .slice(0, limit)
      .map(({ key }) => ({ key, row: JSON.parse(this.stored.get(model)!.rows.get(key)!.body) as Row }));
    return { rows, next: left.length > limit ? left[limit - 1]!.place : null };
  }
}
