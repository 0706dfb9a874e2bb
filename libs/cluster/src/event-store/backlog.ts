import type { EventCollections } from './event-documents.js';
import { SingleFlight } from './single-flight.js';
import { WaitingCommits } from './waiting-commits.js';

/** A process looks again how many commits wait once it has stored this share of what may wait itself. */
const unseenShare = 0.1;
/** While too many wait, a process looks no more often than this. */
const looksEveryMs = 100;

/**
 * Whether more commits wait for their place in one partition than `max`. An append costs no count: this knows what its
 * own process stored and when its sequencer met the end of the queue, and looks only when that does not tell. With
 * several processes at most `max` commits wait, and for each process a tenth of that and what it has under way.
 */
export class PartitionBacklog {
  private total = 0;
  private underWay = 0;
  /** What `stored` was when no more than `max` waited; null: too many waited, or that is not known yet. */
  private fineAt: number | null = null;
  private lookedAtMs = -Infinity;
  private readonly looks = new SingleFlight(() => this.look());
  private readonly waiting: WaitingCommits;

  constructor(
    commits: EventCollections['commits'],
    partition: number,
    private readonly max: number,
  ) {
    this.waiting = new WaitingCommits(commits, partition);
  }

  /** How many commits this process has stored. */
  get stored(): number {
    return this.total;
  }

  async isFull(): Promise<boolean> {
    if (this.fineAt !== null && this.total + this.underWay - this.fineAt < this.max * unseenShare)
      return false;
    if (this.fineAt !== null || performance.now() - this.lookedAtMs >= looksEveryMs) await this.looks.run();
    return this.fineAt === null;
  }

  begin(commits: number): void {
    this.underWay += commits;
  }

  /** After `begin`, however it ended: a commit that was not stored makes this look sooner. */
  end(commits: number): void {
    this.underWay -= commits;
    this.total += commits;
  }

  /** Nothing waits any more of what was there when `stored` had this value. */
  drained(stored: number): void {
    this.fineAt = Math.max(this.fineAt ?? 0, stored);
  }

  private async look(): Promise<void> {
    const { total } = this;
    const full = await this.waiting.exceed(this.max);
    this.lookedAtMs = performance.now();
    this.fineAt = full ? null : Math.max(this.fineAt ?? 0, total);
  }
}
