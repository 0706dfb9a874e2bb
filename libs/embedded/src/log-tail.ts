import type { LogRecord } from '@readership/kernel';

const bytesMaxUsual = 4 * 1024 * 1024;

interface Published {
  readonly records: readonly LogRecord[];
  /** Length of the bodies. */
  readonly bytes: number;
}

/**
 * The last records of one partition, as they were published by this process. Every group that has come to the end of the
 * log takes them from here, as the same objects, instead of reading its own copies. At most `bytesMax` of bodies are
 * kept; a group that is further behind reads the database.
 */
export class LogTail {
  private pages: Published[] = [];
  private bytes = 0;

  constructor(private readonly bytesMax = bytesMaxUsual) {}

  /**
   * Adds records that were just stored, which follow each other. What does not follow the records here takes their place
   * when it is newer, for somebody else has published in between, and is not kept when it is older.
   */
  add(records: readonly LogRecord[]): void {
    const first = records[0];
    if (first === undefined) return;
    const { end } = this;
    if (first.offset <= end) return;
    if (first.offset > end + 1) this.clear();
    let bytes = 0;
    for (const { body } of records) bytes += body.length;
    this.pages.push({ records, bytes });
    this.bytes += bytes;
    let left = 0;
    while (left < this.pages.length && this.bytes > this.bytesMax) this.bytes -= this.pages[left++]!.bytes;
    if (left > 0) this.pages = this.pages.slice(left);
  }

  /** At most `limit` records after an offset; empty when they do not begin here, or there are none. */
  after(offset: number, limit: number): readonly LogRecord[] {
    const first = this.pages[0]?.records[0]?.offset;
    if (first === undefined || offset + 1 < first || offset >= this.end) return [];
    const found: LogRecord[] = [];
    for (const { records } of this.pages) {
      const skipped = Math.max(0, offset + 1 - records[0]!.offset);
      if (skipped >= records.length) continue;
      for (let at = skipped; at < records.length; at++) {
        if (found.length === limit) return found;
        found.push(records[at]!);
      }
    }
    return found;
  }

  private get end(): number {
    const last = this.pages[this.pages.length - 1]?.records;
    return last === undefined ? 0 : last[last.length - 1]!.offset;
  }

  private clear(): void {
    this.pages = [];
    this.bytes = 0;
  }
}
