/** How entries of a tail are placed and measured. */
export interface TailOf<Entry> {
  /** Places of entries that follow each other are whole numbers that do. */
  place(entry: Entry): number;
  /** Length of its body. */
  size(entry: Entry): number;
}

const sizeMaxUsual = 4 * 1024 * 1024;

/**
 * The last entries of a sequence in a database, as this process stored them. Who stands at the end takes them from here,
 * as the same objects, instead of reading copies of their own; who is further behind reads the database. At most
 * `sizeMax` of bodies are kept.
 */
export class Tail<Entry> {
  private entries: Entry[] = [];
  /** Index of the oldest entry that is kept. */
  private from = 0;
  private size = 0;

  constructor(
    private readonly of: TailOf<Entry>,
    private readonly sizeMax = sizeMaxUsual,
  ) {}

  /**
   * Adds an entry that was just stored. One that does not follow the last takes the place of all, when it is newer, for
   * somebody else has stored in between, and is not kept when it is older.
   */
  add(entry: Entry): void {
    const place = this.of.place(entry);
    const last = this.entries[this.entries.length - 1];
    const end = last === undefined ? 0 : this.of.place(last);
    if (place <= end) return;
    if (place > end + 1) this.clear();
    this.entries.push(entry);
    this.size += this.of.size(entry);
    while (this.size > this.sizeMax) this.size -= this.of.size(this.entries[this.from++]!);
    // What was dropped must not stay for long: entries may be large.
    if (this.from * 2 > this.entries.length) {
      this.entries = this.entries.slice(this.from);
      this.from = 0;
    }
  }

  /** At most `limit` entries from a place on that fit. None when they do not all lie here, up to the last. */
  since(place: number, limit: number, fits: (entry: Entry) => boolean = () => true): readonly Entry[] {
    const first = this.indexOf(place);
    if (first === undefined) return [];
    const found: Entry[] = [];
    for (let at = first; at < this.entries.length && found.length < limit; at++) {
      const entry = this.entries[at]!;
      if (fits(entry)) found.push(entry);
    }
    return found;
  }

  /** True for an entry that lies here. */
  has(entry: Entry): boolean {
    const at = this.indexOf(this.of.place(entry));
    return at !== undefined && this.entries[at] === entry;
  }

  /** Where a place is, or would be behind the last; `undefined` before the first. */
  private indexOf(place: number): number | undefined {
    const first = this.entries[this.from];
    if (first === undefined || place < this.of.place(first)) return undefined;
    return this.from + place - this.of.place(first);
  }

  private clear(): void {
    this.entries = [];
    this.from = 0;
    this.size = 0;
  }
}
