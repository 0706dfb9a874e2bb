import type { LogRecord } from '../ports/event-log.js';
import {
  parkedMax,
  type Batch,
  type Checkpoint,
  type Parked,
  type ReadModels,
} from '../ports/read-models.js';
import { Refusal } from '../refusal.js';
import type { WakeUp } from '../wake-up.js';
import { damagedType } from '../write/commit-body.js';
import {
  checkSame,
  Halted,
  Stale,
  unseen,
  unseenOfBatch,
  type Delivered,
  type MendedGap,
} from './delivery.js';
import { Poison, poisonous } from './poison.js';
import type { Keyed } from './projection.js';

/** What a batch of events changes. It is committed together with the checkpoint. */
export interface Changes extends Pick<Batch, 'rows' | 'cells'> {
  /** Number of events that were applied. The handler ignored the others. */
  readonly applied: number;
}

/** What a processor does with its events: fold them into rows and counts, or react to them. */
export interface EventHandler<E> {
  /**
   * Applies events in order and returns what they change. It may be called again with the same events. Throws `Poison`
   * when one of them can never be applied.
   */
  apply(partition: number, events: readonly E[]): Promise<Changes>;
  /** Called when the changes are stored. */
  committed(partition: number, changes: Changes): void;
  /** Drops what the handler remembers of the partition, because it may be out of date. */
  forget(partition: number): void;
}

/** What the processor remembers of a partition between batches. It is correct only while nobody else commits there. */
interface PartitionState {
  checkpoint: Checkpoint;
  /** Keys with a parked record. Their later records are parked behind it. */
  readonly parkedKeys: Set<string>;
  /** Set while the records before a mended gap are skipped. */
  mendedGap: MendedGap | null;
}

const nothing: Changes = { rows: new Map(), cells: new Map(), applied: 0 };
const parkedPage = 1000;
const replayPage = 500;
const attemptsMax = 5;

/**
 * Reads a partition's records in order, keeps a checkpoint, and applies each record exactly once.
 *
 * `process` handles a batch in these steps. It drops the records that were seen before, decodes those of the types it
 * handles, and gives them to the handler. It commits the handler's changes together with the checkpoint. The commit is
 * refused when somebody else moved the checkpoint meanwhile: that is the fence against a second owner.
 *
 * A record that cannot be applied is parked, and so are the later records of its key; all others continue. `replay`
 * applies parked records once their cause is mended, and `discard` gives one up.
 *
 * All methods of one partition run one at a time, in the order of their calls.
 */
export class Processor<R extends Delivered, E extends Keyed> {
  private readonly states = new Map<number, PartitionState>();
  private readonly turns = new Map<number, Promise<unknown>>();
  private watcher: WakeUp | null = null;

  constructor(
    /** The name under which its checkpoints and rows are stored. */
    readonly id: string,
    /** Types of the records it handles. */
    readonly on: ReadonlySet<string>,
    private readonly models: ReadModels,
    private readonly handler: EventHandler<E>,
  ) {}

  /** The current checkpoint of a partition. */
  checkpoint(partition: number): Promise<Checkpoint> {
    return this.inTurn(partition, async () => (await this.state(partition)).checkpoint);
  }

  /**
   * The last checkpoint that this processor stored or read, without asking the store; `null` while it does not work on
   * the partition. Every later read of the model sees at least what was applied up to there.
   */
  known(partition: number): Checkpoint | null {
    return this.states.get(partition)?.checkpoint ?? null;
  }

  /** Wakes `wakeUp` whenever what `known` returns has changed. */
  watchedBy(wakeUp: WakeUp): void {
    this.watcher = wakeUp;
  }

  /** Forgets the partition, because others may work on it now. Its checkpoint is read from the store when it comes back. */
  release(partition: number): void {
    void this.inTurn(partition, async () => this.forget(partition));
  }

  /**
   * Applies the records after the checkpoint and drops those that were seen. Throws `Gap` when records are missing,
   * `OtherLog` when the log is another one, `Stale` when somebody else committed, and `Halted` when too many are
   * parked. What was committed before the error stays; the same records may be given again.
   */
  process(partition: number, records: readonly R[], decode: (record: R) => E): Promise<void> {
    return this.inTurn(partition, () => this.processInHalves(partition, records, decode));
  }

  /**
   * Applies the parked records of a key, in order, and resolves to their number. Afterwards the key has no parked
   * records. Refused with `STILL_CANNOT_APPLY` at the first record that still cannot be applied.
   *
   * @param again returns a parked record as it was delivered
   */
  replay(
    partition: number,
    key: string,
    again: (parked: Parked) => Promise<R>,
    decode: (record: R) => E,
  ): Promise<number> {
    let replayed = 0;
    return this.whileOthersCommit(partition, async (state) => {
      for (let limit = replayPage; ;) {
        const page = await this.models.parked(this.id, partition, { key, limit });
        if (page.length === 0) {
          state.parkedKeys.delete(key);
          return replayed;
        }
        const records = (await Promise.all(page.map(again))).filter((record) => this.handles(record));
        try {
          const events = records.map((record) => poisonous(() => decode(record)));
          const changes = await this.handler.apply(partition, events);
          await this.unpark(partition, state, page, changes);
          replayed += page.length;
        } catch (error) {
          if (!isSplittable(error)) throw error;
          if (page.length === 1) throw stillCannotApply();
          // One at a time, so that the records before the failing one are applied.
          limit = 1;
        }
      }
    });
  }

  /**
   * Gives up the first parked record of a key, which must be the one at `offset`; it counts as skipped. Resolves to the
   * record, or to `null` when it is no longer parked, so that a repeated call gives up nothing else. Refused with
   * `NOT_FIRST_PARKED`, which names the first, when it is parked behind another. `before` is waited for once nothing else
   * can refuse it.
   */
  discard(
    partition: number,
    key: string,
    offset: number,
    before: (record: Parked) => Promise<void> = async () => undefined,
  ): Promise<Parked | null> {
    return this.whileOthersCommit(partition, async (state) => {
      const [first, second] = await this.models.parked(this.id, partition, { key, limit: 2 });
      if (!first || offset < first.offset) return null;
      if (offset > first.offset) throw notFirstParked(first.offset);
      await before(first);
      await this.unpark(partition, state, [first], nothing);
      if (!second) state.parkedKeys.delete(key);
      return first;
    });
  }

  /**
   * Begins again at the log's first record and drops what was seen. With `mendedGap` it does so only if it has not gone
   * beyond that gap yet: it skips the records before the missing ones, because they come again after them.
   */
  restart(partition: number, mendedGap?: MendedGap): Promise<void> {
    return this.inTurn(partition, async () => {
      this.forget(partition);
      const state = await this.state(partition);
      const { checkpoint } = state;
      if (mendedGap && !isBefore(checkpoint, mendedGap)) return;
      await this.commit(partition, state, nothing, { to: { ...checkpoint, offset: 0 } });
      state.mendedGap = mendedGap ?? null;
    });
  }

  /** Applies a batch. If a record cannot be applied, halves the batch until that record stands alone, and parks it. */
  private async processInHalves(
    partition: number,
    records: readonly R[],
    decode: (record: R) => E,
  ): Promise<void> {
    try {
      await this.processAll(partition, records, decode);
    } catch (error) {
      if (!isSplittable(error)) throw error;
      if (records.length === 1) return this.park(partition, records[0]!, error);
      const middle = records.length >> 1;
      await this.processInHalves(partition, records.slice(0, middle), decode);
      await this.processInHalves(partition, records.slice(middle), decode);
    }
  }

  private async processAll(
    partition: number,
    records: readonly R[],
    decode: (record: R) => E,
  ): Promise<void> {
    const state = await this.state(partition);
    const { checkpoint, parkedKeys } = state;
    checkSame(checkpoint, records);
    const last = records[records.length - 1];
    if (!last || last.offset <= checkpoint.offset) return;

    const { fresh, lanes, types } = unseenOfBatch(checkpoint, records, state.mendedGap);
    const handled = this.handlesAny(types) ? fresh.filter((record) => this.handles(record)) : [];
    const behind = parkedKeys.size === 0 ? [] : handled.filter(({ key }) => parkedKeys.has(key));
    const free = behind.length === 0 ? handled : handled.filter(({ key }) => !parkedKeys.has(key));

    const events = free.map((record) => poisonous(() => decode(record)));
    const changes = events.length === 0 ? nothing : await this.handler.apply(partition, events);
    const parked = behind.map((record) => parkedOf(record, 'BEHIND_PARKED'));
    await this.advance(partition, state, changes, { last, lanes, fresh: fresh.length, parked });
  }

  private async park(partition: number, record: R, cause: Poison | Refusal): Promise<void> {
    const state = await this.state(partition);
    const { fresh, lanes } = unseen(state.checkpoint, [record], state.mendedGap);
    const parked = [parkedOf(record, cause instanceof Poison ? 'CANNOT_APPLY' : cause.code)];
    await this.advance(partition, state, nothing, { last: record, lanes, fresh: fresh.length, parked });
  }

  /** Commits changes and parked records, and moves the checkpoint to the last record. */
  private async advance(
    partition: number,
    state: PartitionState,
    changes: Changes,
    read: {
      readonly last: R;
      readonly lanes: Checkpoint['lanes'];
      /** Number of records that were not seen before. */
      readonly fresh: number;
      readonly parked: readonly Parked[];
    },
  ): Promise<void> {
    const { last, lanes, fresh, parked } = read;
    const { checkpoint, parkedKeys } = state;
    if (parked.length > 0 && checkpoint.parked + parked.length > parkedMax) {
      throw new Halted(`${this.id}/${partition} holds ${checkpoint.parked} parked records`);
    }
    await this.commit(partition, state, changes, {
      to: {
        offset: last.offset,
        lanes,
        recordedAt: last.recordedAt,
        applied: checkpoint.applied + changes.applied,
        skipped: checkpoint.skipped + fresh - changes.applied - parked.length,
        parked: checkpoint.parked + parked.length,
      },
      parked,
    });
    for (const { key } of parked) parkedKeys.add(key);
  }

  /** Commits parked records as applied or skipped. The checkpoint's offset stays where it is. */
  private async unpark(
    partition: number,
    state: PartitionState,
    page: readonly Parked[],
    changes: Changes,
  ): Promise<void> {
    const { checkpoint } = state;
    await this.commit(partition, state, changes, {
      to: {
        ...checkpoint,
        applied: checkpoint.applied + changes.applied,
        skipped: checkpoint.skipped + page.length - changes.applied,
        parked: checkpoint.parked - page.length,
      },
      unparked: page.map(({ offset }) => offset),
    });
  }

  private async commit(
    partition: number,
    state: PartitionState,
    changes: Changes,
    { to, parked = [], unparked = [] }: Pick<Batch, 'to'> & Partial<Pick<Batch, 'parked' | 'unparked'>>,
  ): Promise<void> {
    const from = state.checkpoint.rev;
    const { rows, cells } = changes;
    let outcome: 'committed' | 'stale';
    try {
      outcome = await this.models.commit(this.id, partition, { from, to, rows, cells, parked, unparked });
    } catch (error) {
      this.forget(partition);
      throw error;
    }
    if (outcome === 'stale') {
      this.forget(partition);
      throw new Stale(`${this.id}/${partition} is no longer at revision ${from}`);
    }
    state.checkpoint = { ...to, rev: from + 1 };
    this.handler.committed(partition, changes);
    this.watcher?.wake();
  }

  /**
   * Runs the work on the stored state, and again when the partition's owner commits meanwhile. Throws `BUSY` after
   * `attemptsMax` attempts.
   */
  private whileOthersCommit<T>(partition: number, work: (state: PartitionState) => Promise<T>): Promise<T> {
    return this.inTurn(partition, async () => {
      for (let attempt = 1; attempt <= attemptsMax; attempt++) {
        this.forget(partition);
        try {
          return await work(await this.state(partition));
        } catch (error) {
          if (!(error instanceof Stale)) throw error;
        }
      }
      throw new Refusal('BUSY', 'not-yet', 'The partition changes too fast: try again in a moment.');
    });
  }

  private handlesAny(types: ReadonlySet<string>): boolean {
    for (const type of types) if (this.handles({ type })) return true;
    return false;
  }

  /** A damaged event may have had any type, so every processor handles it, which parks it. */
  private handles({ type }: Pick<Delivered, 'type'>): boolean {
    return this.on.has(type) || type === damagedType;
  }

  private forget(partition: number): void {
    this.states.delete(partition);
    this.handler.forget(partition);
    this.watcher?.wake();
  }

  private async state(partition: number): Promise<PartitionState> {
    const known = this.states.get(partition);
    if (known) return known;
    const checkpoint = await this.models.checkpoint(this.id, partition);
    const parkedKeys = new Set<string>();
    for (let after = 0; checkpoint.parked > 0;) {
      const page = await this.models.parked(this.id, partition, { after, limit: parkedPage });
      for (const entry of page) parkedKeys.add(entry.key);
      if (page.length < parkedPage) break;
      after = page[page.length - 1]!.offset;
    }
    const state: PartitionState = { checkpoint, parkedKeys, mendedGap: null };
    this.states.set(partition, state);
    this.watcher?.wake();
    return state;
  }

  private inTurn<T>(partition: number, work: () => Promise<T>): Promise<T> {
    const turn = (this.turns.get(partition) ?? Promise.resolve()).then(work, work);
    this.turns.set(partition, turn);
    return turn;
  }
}

function isBefore({ lanes }: Checkpoint, { context, reach }: MendedGap): boolean {
  return (lanes[context] ?? 0) < (reach[context] ?? 0);
}

/** Refusals that a smaller batch may avoid: the batch is too large, or a reaction meets a stream that does not load. */
const splittable: ReadonlySet<string> = new Set(['BATCH_TOO_LARGE', 'STREAM_DAMAGED']);

/** True when a smaller batch may succeed. */
function isSplittable(error: unknown): error is Poison | Refusal {
  return error instanceof Poison || (error instanceof Refusal && splittable.has(error.code));
}

function parkedOf(record: Delivered, reason: string): Parked {
  const { key, offset, context, position, type } = record;
  const published = 'body' in record ? { record: record as LogRecord } : {};
  return { key, offset, context, position, type, reason, ...published };
}

function notFirstParked(first: number): Refusal {
  return new Refusal(
    'NOT_FIRST_PARKED',
    'conflict',
    `The first parked record of this key is at offset ${first}: discard records in their order.`,
  );
}

function stillCannotApply(): Refusal {
  return new Refusal(
    'STILL_CANNOT_APPLY',
    'conflict',
    'The first parked record of this key still cannot be applied: fix the cause, or discard it.',
  );
}
