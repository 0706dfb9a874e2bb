import {
  commitId,
  outline,
  type CommitDoc,
  type CommitOutline,
  type EventCollections,
} from './event-documents.js';

/** Reads the commits that wait for a place in one partition. What a call costs does not depend on how many wait. */
export class WaitingCommits {
  constructor(
    private readonly commits: EventCollections['commits'],
    private readonly partition: number,
  ) {}

  /** Those that have waited longest, by what their writers' clocks said. */
  async longest(limit: number): Promise<readonly CommitOutline[]> {
    return this.commits
      .find({ pending: this.partition }, { projection: outline, batchSize: limit })
      .sort({ queuedAt: 1 })
      .limit(limit)
      .toArray();
  }

  /** The earliest of each of these streams. */
  async earliestOf(streams: readonly string[], limit: number): Promise<readonly CommitOutline[]> {
    return this.commits
      .find(
        { stream: { $in: [...streams] }, pending: this.partition },
        { projection: outline, batchSize: limit },
      )
      .sort({ stream: 1, last: 1 })
      .limit(limit)
      .toArray();
  }

  /** Whether more than `count` wait. */
  async exceed(count: number): Promise<boolean> {
    const beyond = { projection: { _id: 1 }, sort: { queuedAt: 1 }, skip: count } as const;
    return (await this.commits.findOne({ pending: this.partition }, beyond)) !== null;
  }

  /**
   * The commits as they are now. A look of its own, because the one that chose is no snapshot: it may miss a commit that
   * arrives behind it and meet the one after. And as the primary has them, because what a new primary knows of its
   * majority may for a moment be from before the last marks.
   */
  async asTheyAre(
    ids: readonly string[],
    projection: Readonly<Record<string, number>> = {},
  ): Promise<ReadonlyMap<string, CommitDoc>> {
    const commits = new Map<string, CommitDoc>();
    if (ids.length === 0) return commits;
    const now = { projection, readConcern: 'local' } as const;
    const found = this.commits.find({ _id: { $in: [...ids] } }, now);
    for await (const commit of found) commits.set(commit._id, commit);
    return commits;
  }

  /** The commit that has to stand before this one, if any. */
  before(commit: CommitOutline): string | null {
    const { after } = this.partOf(commit);
    return after === 0 ? null : commitId(commit.stream, after);
  }

  partOf<P extends { readonly partition: number }>({ parts }: { readonly parts: readonly P[] }): P {
    return parts.find(({ partition }) => partition === this.partition)!;
  }
}
