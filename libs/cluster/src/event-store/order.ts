import { Unavailable, type Position } from '@readership/kernel';
import { chunks, shortPause } from '../chunks.js';
import { PartitionBacklog } from './backlog.js';
import type { CommitOutline, EventCollections } from './event-documents.js';
import { SingleFlight } from './single-flight.js';
import { Sequencer } from './sequencer.js';

const commitsAtOnce = 100;
const pauseMaxMs = 20;

/** By commit and partition, where its first event there stands. */
export type KnownPositions = ReadonlyMap<string, ReadonlyMap<number, Position>>;

/** The sequencers of all partitions, run when somebody needs to know the order. */
export class Order {
  private readonly backlogs: readonly PartitionBacklog[];
  private readonly sequencers: readonly Sequencer[];
  private readonly looks = new SingleFlight(() => this.look());

  constructor(
    private readonly documents: EventCollections,
    partitions: number,
    /** How many commits of a partition may wait before no more are taken. */
    waitingMax: number,
  ) {
    this.backlogs = Array.from(
      { length: partitions },
      (_, partition) => new PartitionBacklog(documents.commits, partition, waitingMax),
    );
    this.sequencers = this.backlogs.map((backlog, partition) => new Sequencer(documents, partition, backlog));
  }

  /**
   * Runs `store`, which adds so many commits to each partition. Rejects with `Unavailable` (`BUSY`) before it runs when
   * too many wait in one of them: recording must not outrun ordering without a limit.
   */
  async adding<T>(added: ReadonlyMap<number, number>, store: () => Promise<T>): Promise<T> {
    for (const partition of added.keys()) {
      if (!(await this.backlogs[partition]!.isFull())) continue;
      // The relay orders only what it can publish, so while the log is away nobody else may.
      this.sequencers[partition]!.run().catch(() => {});
      throw new Unavailable('BUSY', 'too much waits for its order');
    }
    for (const [partition, commits] of added) this.backlogs[partition]!.begin(commits);
    try {
      return await store();
    } finally {
      for (const [partition, commits] of added) this.backlogs[partition]!.end(commits);
    }
  }

  /** After it, whatever was appended before this call, by whomever, has a place, unless a very long queue waits. */
  async upToDate(partition: number): Promise<void> {
    if (await this.looks.run()) await this.sequencers[partition]!.run();
  }

  /** Where the commits stand, as far as it is known in time. Never rejects: what is not known is not in it. */
  async placesOf(
    commits: readonly Pick<CommitOutline, '_id' | 'parts'>[],
    withinMs: number,
  ): Promise<KnownPositions> {
    const known = new Map<string, Map<number, Position>>(commits.map(({ _id }) => [_id, new Map()]));
    const wanted = new Map<number, Set<string>>();
    for (const { _id, parts } of commits) {
      for (const { partition } of parts) {
        const ids = wanted.get(partition) ?? new Set();
        wanted.set(partition, ids.add(_id));
      }
    }
    const deadline = performance.now() + withinMs;
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([
      Promise.all([...wanted].map(([partition, ids]) => this.follow(partition, ids, known, deadline))),
      new Promise((resolve) => (timer = setTimeout(resolve, withinMs))),
    ]);
    clearTimeout(timer);
    return known;
  }

  /** Runs a partition's sequencer until every wanted commit has its place, or it is too late. */
  private async follow(
    partition: number,
    wanted: Set<string>,
    known: ReadonlyMap<string, Map<number, Position>>,
    deadline: number,
  ): Promise<void> {
    const take = (id: string, position: Position | undefined): void => {
      if (position === undefined) return;
      known.get(id)!.set(partition, position);
      wanted.delete(id);
    };
    while (wanted.size > 0) {
      try {
        const places = await this.sequencers[partition]!.run();
        for (const id of [...wanted]) take(id, places.get(id));
        // Somebody else may have placed them.
        for (const ids of chunks([...wanted], commitsAtOnce)) {
          const found = this.documents.commits.find(
            { _id: { $in: [...ids] } },
            { projection: { positions: 1 } },
          );
          for await (const { _id, positions } of found) take(_id, positions[partition]);
        }
      } catch {
        // Tried again until it is too late; the commits themselves are safe.
      }
      if (wanted.size === 0 || performance.now() > deadline) return;
      await shortPause(pauseMaxMs);
    }
  }

  /** Whether any partition has something to take. */
  private async look(): Promise<boolean> {
    const any = { pending: { $gte: 0 } };
    return (await this.documents.commits.findOne(any, { projection: { _id: 1 } })) !== null;
  }
}
