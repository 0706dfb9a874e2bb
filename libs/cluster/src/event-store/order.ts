import { Unavailable, type Position } from '@readership/kernel';
import { chunks } from '../chunks.js';
import { randomPause } from '../random-pause.js';
import { PartitionBacklog } from './backlog.js';
import type { CommitOutline, EventCollections } from './event-documents.js';
import { NewPages } from './new-pages.js';
import { SingleFlight } from './single-flight.js';
import { Sequencer } from './sequencer.js';

const commitsAtOnce = 100;
const pauseMaxMs = 20;

/** Position of the first event, by commit and partition. */
export type KnownPositions = ReadonlyMap<string, ReadonlyMap<number, Position>>;

/** The sequencers of all partitions. They run when somebody needs to know the order. */
export class Order {
  private readonly backlogs: readonly PartitionBacklog[];
  private readonly sequencers: readonly Sequencer[];
  private readonly looks = new SingleFlight(() => this.look());
  private readonly newPages: NewPages;

  constructor(
    private readonly documents: EventCollections,
    partitions: number,
    /** How many commits of a partition may wait before appends are refused. */
    waitingMax: number,
  ) {
    this.backlogs = Array.from(
      { length: partitions },
      (_, partition) => new PartitionBacklog(documents.commits, partition, waitingMax),
    );
    this.newPages = new NewPages(documents.pages, partitions);
    this.sequencers = this.backlogs.map((backlog, partition) => new Sequencer(documents, partition, backlog));
  }

  /**
   * Runs `store`, which adds the given number of commits to each partition. Rejects with `Unavailable` (`BUSY`) before
   * it runs when too many wait in one of them, so that the backlog is bounded.
   */
  async adding<T>(added: ReadonlyMap<number, number>, store: () => Promise<T>): Promise<T> {
    for (const partition of added.keys()) {
      if (!(await this.backlogs[partition]!.isFull())) continue;
      // The relay orders only what it can publish, so while the log is unavailable nobody else may run the sequencer.
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

  /** Resolves when everything that anybody appended before this call has a position, unless a very long queue waits. */
  async upToDate(partition: number): Promise<void> {
    if (await this.looks.run()) await this.sequencers[partition]!.run();
  }

  /** True when anybody may have appended since the last call, in any partition. */
  async hasNews(): Promise<boolean> {
    const looks = await Promise.allSettled([this.looks.run(), this.newPages.found()]);
    if (looks.some((look) => look.status === 'fulfilled' && look.value)) return true;
    for (const look of looks) if (look.status === 'rejected') throw look.reason;
    return false;
  }

  /** The positions of the commits that are known in time. Never rejects: unknown positions are absent. */
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

  /** Runs a partition's sequencer until every wanted commit has its position, or the time is over. */
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
        // Another process may have placed them.
        for (const ids of chunks([...wanted], commitsAtOnce)) {
          const found = this.documents.commits.find(
            { _id: { $in: [...ids] } },
            { projection: { positions: 1 } },
          );
          for await (const { _id, positions } of found) take(_id, positions[partition]);
        }
      } catch {
        // Retried until the time is over; the commits themselves are safe.
      }
      if (wanted.size === 0 || performance.now() > deadline) return;
      await randomPause(pauseMaxMs);
    }
  }

  /** True when any partition has something to order. */
  private async look(): Promise<boolean> {
    const any = { pending: { $gte: 0 } };
    return (await this.documents.commits.findOne(any, { projection: { _id: 1 } })) !== null;
  }
}
