import {
  commitId,
  outline,
  type CommitDoc,
  type CommitOutline,
  type EventCollections,
} from './event-documents.js';

/** Reads the commits that wait for a position in one partition. The cost of a call does not depend on how many wait. */
export class WaitingCommits {
  constructor(
    private readonly commits: EventCollections['commits'],
    private readonly partition: number,
  ) {}

  /** The commits that have waited longest, according to their writers' clocks. */
  async longest(limit: number): Promise<readonly CommitOutline[]> {
    return this.commits
      .find({ pending: this.partition }, { projection: outline, batchSize: limit })
      .sort({ queuedAt: 1 })
      .limit(limit)
      .toArray();
  }

  /** The earliest commit of each of these streams. */
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

  /** True when more than `count` commits wait. */
  async exceed(count: number): Promise<boolean> {
    const beyond = { projection: { _id: 1 }, sort: { queuedAt: 1 }, skip: count } as const;
    return (await this.commits.findOne({ pending: this.partition }, beyond)) !== null;
  }

  /**
   * The commits as they are now. This query is separate, because the one that chose the commits is no snapshot: it may
   * miss a commit that arrives behind it and find the next one. It reads from the primary, because the majority data of
   * a new primary may for a moment be older than the last marks.
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

  /** The id of the commit that must be placed before this one, if any. */
  before(commit: CommitOutline): string | null {
    const { after } = this.partOf(commit);
    return after === 0 ? null : commitId(commit.stream, after);
  }

  partOf<P extends { readonly partition: number }>({ parts }: { readonly parts: readonly P[] }): P {
    return parts.find(({ partition }) => partition === this.partition)!;
  }
}
