import { pageId, type EventCollections } from './event-documents.js';

/** Notices the pages that any process has made, at the cost of one query however many partitions there are. */
export class NewPages {
  /** The last page of each partition; `null` until it was looked up. */
  private last: number[] | null = null;

  constructor(
    private readonly pages: EventCollections['pages'],
    private readonly partitions: number,
  ) {}

  /** True when there are pages that were not there at the last call, and at the first call. */
  async found(): Promise<boolean> {
    if (this.last === null) {
      const all = Array.from({ length: this.partitions }, (_, partition) => partition);
      this.last = await Promise.all(all.map((partition) => this.lastOf(partition)));
      return true;
    }
    const next = this.last.map((no, partition) => pageId(partition, no + 1));
    const made = await this.pages.find({ _id: { $in: next } }, { projection: { partition: 1 } }).toArray();
    const lasts = await Promise.all(made.map(({ partition }) => this.lastOf(partition)));
    // Only now, so that nothing counts as told when one of these fails.
    for (const [i, { partition }] of made.entries()) this.last[partition] = lasts[i]!;
    return made.length > 0;
  }

  private async lastOf(partition: number): Promise<number> {
    const page = await this.pages.findOne({ partition }, { sort: { no: -1 }, projection: { no: 1 } });
    return page?.no ?? 0;
  }
}
