import type { Position } from '@readership/kernel';

/** A context and a type with the number of their records. */
export interface Counted {
  readonly context: string;
  readonly type: string;
  readonly records: number;
}

interface Countable {
  readonly context: string;
  readonly type: string;
  readonly position: Position;
  readonly previous: Position;
}

/** The sums up to an offset: the number of records of each kind, and the last position of each context. */
interface Mark {
  readonly counts: readonly number[];
  readonly lanes: ReadonlyMap<string, Position>;
}

/** A finished chunk that is read again. */
interface Reread {
  readonly chunk: number;
  readonly bytes: Uint8Array;
  readonly lanes: Map<string, Position>;
  offset: number;
}

const nothing: Mark = { counts: [], lanes: new Map() };
const kindsMax = 255;
/** Kind of a repetition, of a record that does not follow its context's last one, and of a foreign record. */
const uncounted = 0;

/**
 * Counts the records of a partition as they are read, each position once, because an interrupted relay sends some
 * again. A record that does not follow its context's last one is ignored, as consumers do; it comes again after the
 * missing records. Keeps one byte per record of the last chunks, and the sums at the end of every chunk. So the sums up
 * to any offset need at most one chunk to be read again. Offsets are ours: from 1.
 */
export class PartitionCount {
  private readonly kinds: { readonly context: string; readonly type: string }[] = [];
  private readonly ids = new Map<string, number>();
  private readonly counts: number[] = [];
  private readonly lanes = new Map<string, Position>();
  /** The sums after each finished chunk. */
  private readonly marks: Mark[] = [];
  private readonly kept = new Map<number, Uint8Array>();
  private last: Uint8Array;
  private reread: Reread | null = null;
  private counted = 0;

  constructor(
    private readonly chunkRecords = 65_536,
    private readonly chunksKept = 4,
  ) {
    this.last = new Uint8Array(chunkRecords);
  }

  /** Everything up to this offset was counted. */
  get offset(): number {
    return this.counted;
  }

  /** The offset after which to read on. */
  get readFrom(): number {
    return this.reread?.offset ?? this.counted;
  }

  /** True while a chunk is being read again. */
  get rereads(): boolean {
    return this.reread !== null;
  }

  /** The last position of each context. */
  get reach(): Readonly<Record<string, Position>> {
    return Object.fromEntries(this.lanes);
  }

  /** Counts the record at an offset; `null` for a foreign record. An offset that was counted already is ignored. */
  count(offset: number, record: Countable | null): void {
    if (offset <= this.readFrom) return;
    if (this.reread) return this.countAgain(this.reread, offset, record);
    const chunk = Math.floor((offset - 1) / this.chunkRecords);
    while (this.marks.length < chunk) this.finishChunk();
    const id = record === null ? uncounted : this.idOf(record, this.lanes);
    this.last[(offset - 1) % this.chunkRecords] = id;
    if (id !== uncounted) this.counts[id] = (this.counts[id] ?? 0) + 1;
    this.counted = offset;
  }

  /** The sums up to an offset. `null` when a chunk must be read again first; `readFrom` then says from where. */
  through(offset: number): readonly Counted[] | null {
    if (offset >= this.counted) return this.named(this.counts);
    const chunk = Math.floor(offset / this.chunkRecords);
    const before = this.marks[chunk - 1] ?? nothing;
    const upTo = offset % this.chunkRecords;
    if (upTo === 0) return this.named(before.counts);
    const bytes = chunk === this.marks.length ? this.last : this.kept.get(chunk);
    if (!bytes) {
      this.reread = {
        chunk,
        bytes: new Uint8Array(this.chunkRecords),
        lanes: new Map(before.lanes),
        offset: chunk * this.chunkRecords,
      };
      return null;
    }
    const counts = [...before.counts];
    for (const id of bytes.subarray(0, upTo)) if (id !== uncounted) counts[id] = (counts[id] ?? 0) + 1;
    return this.named(counts);
  }

  private countAgain(reread: Reread, offset: number, record: Countable | null): void {
    const at = offset - 1 - reread.chunk * this.chunkRecords;
    if (at < this.chunkRecords) {
      reread.bytes[at] = record === null ? uncounted : this.idOf(record, reread.lanes);
      reread.offset = offset;
    }
    // Offsets may have holes, so only a later record may show that the chunk has ended.
    if (at < this.chunkRecords - 1 && offset < this.counted) return;
    this.keep(reread.chunk, reread.bytes);
    this.reread = null;
  }

  private idOf({ context, type, position, previous }: Countable, lanes: Map<string, Position>): number {
    const last = lanes.get(context) ?? 0;
    if (position <= last || previous !== last) return uncounted;
    lanes.set(context, position);
    const name = `${context} ${type}`;
    let id = this.ids.get(name);
    if (id === undefined) {
      if (this.kinds.length === kindsMax) throw new RangeError(`more than ${kindsMax} types of records`);
      id = this.kinds.push({ context, type });
      this.ids.set(name, id);
    }
    return id;
  }

  private finishChunk(): void {
    this.keep(this.marks.length, this.last);
    this.marks.push({ counts: [...this.counts], lanes: new Map(this.lanes) });
    this.last = new Uint8Array(this.chunkRecords);
  }

  private keep(chunk: number, bytes: Uint8Array): void {
    this.kept.set(chunk, bytes);
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= this.chunksKept) return;
      this.kept.delete(oldest);
    }
  }

  private named(counts: readonly number[]): readonly Counted[] {
    return this.kinds.flatMap((kind, at) => {
      const records = counts[at + 1] ?? 0;
      return records === 0 ? [] : [{ ...kind, records }];
    });
  }
}
