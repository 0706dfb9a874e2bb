import type { EventCollections } from './event-documents.js';
import { SingleFlight } from './single-flight.js';
import { WaitingCommits } from './waiting-commits.js';

/** A process counts again once it has stored this share of what may wait. */
const unseenShare = 0.1;
/** The least time between two counts while too many wait. */
const looksEveryMs = 100;

/**
 * Knows whether more than `max` commits wait for their position in one partition. An append needs no count: this class
 * knows what its own process stored and when its sequencer reached the end of the queue, and counts only when that is
 * not enough. With several processes at most `max` commits wait, plus, for each process, a tenth of that and what it
 * has under way.
 */
export class PartitionBacklog {
  private total = 0;
  private underWay = 0;
  /** The value of `stored` when no more than `max` waited. `null` when too many waited, or that is not known yet. */
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

  /** The number of commits that this process has stored. */
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

  /** Call it after `begin`, whatever the outcome. A commit that was not stored makes the next count come sooner. */
  end(commits: number): void {
    this.underWay -= commits;
    this.total += commits;
  }

  /** Reports that nothing waits any more of what was stored when `stored` had this value. */
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
