import type { LogRecord } from '../ports/event-log.js';
import type { Keyed } from './projection.js';
import {
  parkedMax,
  type Batch,
  type Checkpoint,
  type Parked,
  type ReadModels,
} from '../ports/read-models.js';
import { Refusal } from '../refusal.js';
import { checkSame, Halted, Stale, unseen, type Delivered, type Passing, type Taker } from './delivery.js';

/** What a batch of events comes to, to be committed together with the checkpoint. */
export interface Applied extends Pick<Batch, 'rows' | 'cells'> {
  /** Events that were applied; the others were none of its business. */
  readonly applied: number;
}

/** What is done with events. Changes nothing that cannot be repeated. */
export interface Applying<E> {
  /** Throws `Poison` when one of the events can never be applied as they are. */
  apply(partition: number, events: readonly E[]): Promise<Applied>;
  committed(partition: number, applied: Applied): void;
  /** What was remembered of the partition may be out of date. */
  forget(partition: number): void;
}

/** A record, or what it leads to, made a pure function throw. */
export class Poison extends Error {}

export function poisonous<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new Poison('a record cannot be applied', { cause: error });
  }
}

/** Worth something only while nobody else commits in the partition. */
interface Memory {
  checkpoint: Checkpoint;
  readonly parkedKeys: Set<string>;
  /** Set while what lies before missing records is passed over. */
  passing: Passing | null;
}

const nothing: Applied = { rows: new Map(), cells: new Map(), applied: 0 };
const parkedPage = 1000;
const replayPage = 500;
const ownersMax = 5;

/**
 * The way of every taker through a partition: what it has seen is dropped, what it can apply is committed with the
 * checkpoint, what it cannot is parked with the key's later records, and the rest goes on.
 */
export class Taking<R extends Delivered, E extends Keyed> implements Taker<R, E> {
  private readonly memories = new Map<number, Memory>();
  private readonly turns = new Map<number, Promise<unknown>>();

  constructor(
    readonly id: string,
    readonly on: ReadonlySet<string>,
    private readonly models: ReadModels,
    private readonly applying: Applying<E>,
  ) {}

  async checkpoint(partition: number): Promise<Checkpoint> {
    return (await this.memory(partition)).checkpoint;
  }

  take(partition: number, records: readonly R[], decode: (record: R) => E): Promise<void> {
    return this.inTurn(partition, () => this.takeAll(partition, records, decode));
  }

  replay(
    partition: number,
    key: string,
    again: (parked: Parked) => Promise<R>,
    decode: (record: R) => E,
  ): Promise<number> {
    let replayed = 0;
    return this.asOwner(partition, async () => {
      let limit = replayPage;
      for (;;) {
        const memory = await this.memory(partition);
        const page = await this.models.parked(this.id, partition, { key, limit });
        if (page.length === 0) {
          memory.parkedKeys.delete(key);
          return replayed;
        }
        const records = await Promise.all(page.map(again));
        try {
          const applied = await this.applying.apply(
            partition,
            records.map((record) => poisonous(() => decode(record))),
          );
          await this.unpark(partition, memory, page, applied);
          replayed += page.length;
        } catch (error) {
          if (!isSplittable(error)) throw error;
          if (page.length === 1) throw stillPoison();
          // One at a time, so that what comes before the culprit is applied.
          limit = 1;
        }
      }
    });
  }

  discard(partition: number, key: string, offset: number): Promise<Parked | null> {
    return this.asOwner(partition, async () => {
      const memory = await this.memory(partition);
      const [first, second] = await this.models.parked(this.id, partition, { key, limit: 2 });
      if (!first || offset < first.offset) return null;
      if (offset > first.offset) throw notFirst(first.offset);
      await this.unpark(partition, memory, [first], nothing);
      if (!second) memory.parkedKeys.delete(key);
      return first;
    });
  }

  reread(partition: number, passing?: Passing): Promise<void> {
    return this.inTurn(partition, async () => {
      this.forget(partition);
      const memory = await this.memory(partition);
      const { checkpoint } = memory;
      if (passing && !comesUpTo(passing, checkpoint)) return;
      await this.commit(partition, memory, nothing, {
        to: { ...checkpoint, offset: 0 },
        parked: [],
        unparked: [],
      });
      memory.passing = passing ?? null;
    });
  }

  /** From what is there now, and again when the partition's owner committed meanwhile. `BUSY` when it keeps doing so. */
  private asOwner<T>(partition: number, work: () => Promise<T>): Promise<T> {
    return this.inTurn(partition, async () => {
      for (let attempt = 1; attempt <= ownersMax; attempt++) {
        this.forget(partition);
        try {
          return await work();
        } catch (error) {
          if (!(error instanceof Stale)) throw error;
        }
      }
      throw new Refusal('BUSY', 'not-yet', 'The partition moves on too fast: try again in a moment.');
    });
  }

  private async takeAll(partition: number, records: readonly R[], decode: (record: R) => E): Promise<void> {
    const memory = await this.memory(partition);
    const { checkpoint: from, parkedKeys, passing } = memory;
    checkSame(from, records);
    const last = records[records.length - 1];
    if (!last || last.offset <= from.offset) return;
    const { fresh, lanes } = unseen(from, records, passing);
    const ours = fresh.filter(({ type }) => this.on.has(type));
    const behind = parkedKeys.size === 0 ? [] : ours.filter(({ key }) => parkedKeys.has(key));
    const open = behind.length === 0 ? ours : ours.filter(({ key }) => !parkedKeys.has(key));

    const commit = async (applied: Applied, parked: readonly Parked[]): Promise<void> => {
      if (parked.length > 0 && from.parked + parked.length > parkedMax) {
        throw new Halted(`${this.id}/${partition} holds ${from.parked} parked records`);
      }
      await this.commit(partition, memory, applied, {
        to: {
          offset: last.offset,
          lanes,
          recordedAt: last.recordedAt,
          applied: from.applied + applied.applied,
          skipped: from.skipped + fresh.length - applied.applied - parked.length,
          parked: from.parked + parked.length,
        },
        parked,
        unparked: [],
      });
      for (const { key } of parked) parkedKeys.add(key);
    };
    const waiting = behind.map((record) => parkedOf(record, 'BEHIND_PARKED'));
    try {
      const events = open.map((record) => poisonous(() => decode(record)));
      const applied = events.length === 0 ? nothing : await this.applying.apply(partition, events);
      await commit(applied, waiting);
    } catch (error) {
      if (!isSplittable(error)) throw error;
      if (records.length === 1) {
        await commit(nothing, [
          ...open.map((record) => parkedOf(record, error instanceof Poison ? 'CANNOT_APPLY' : error.code)),
          ...waiting,
        ]);
        return;
      }
      // Something in here cannot be applied: by halves, what comes before it stays and what comes after it is judged.
      const middle = records.length >> 1;
      await this.takeAll(partition, records.slice(0, middle), decode);
      await this.takeAll(partition, records.slice(middle), decode);
    }
  }

  /** The checkpoint stays where it is; what was parked is applied, or skipped. */
  private async unpark(
    partition: number,
    memory: Memory,
    page: readonly Parked[],
    applied: Applied,
  ): Promise<void> {
    const { checkpoint } = memory;
    await this.commit(partition, memory, applied, {
      to: {
        ...checkpoint,
        applied: checkpoint.applied + applied.applied,
        skipped: checkpoint.skipped + page.length - applied.applied,
        parked: checkpoint.parked - page.length,
      },
      parked: [],
      unparked: page.map(({ offset }) => offset),
    });
  }

  private async commit(
    partition: number,
    memory: Memory,
    applied: Applied,
    rest: Pick<Batch, 'to' | 'parked' | 'unparked'>,
  ): Promise<void> {
    const from = memory.checkpoint.offset;
    const { rows, cells } = applied;
    let outcome: 'committed' | 'stale';
    try {
      outcome = await this.models.commit(this.id, partition, { from, rows, cells, ...rest });
    } catch (error) {
      this.forget(partition);
      throw error;
    }
    if (outcome === 'stale') {
      this.forget(partition);
      throw new Stale(`${this.id}/${partition} is no longer at ${from}`);
    }
    memory.checkpoint = rest.to;
    this.applying.committed(partition, applied);
  }

  private forget(partition: number): void {
    this.memories.delete(partition);
    this.applying.forget(partition);
  }

  private async memory(partition: number): Promise<Memory> {
    const known = this.memories.get(partition);
    if (known) return known;
    const checkpoint = await this.models.checkpoint(this.id, partition);
    const parkedKeys = new Set<string>();
    for (let after = 0; checkpoint.parked > 0;) {
      const page = await this.models.parked(this.id, partition, { after, limit: parkedPage });
      for (const entry of page) parkedKeys.add(entry.key);
      if (page.length < parkedPage) break;
      after = page[page.length - 1]!.offset;
    }
    const memory: Memory = { checkpoint, parkedKeys, passing: null };
    this.memories.set(partition, memory);
    return memory;
  }

  /** One thing at a time in a partition: a replay must not meet a batch that parks more of its key. */
  private async inTurn<T>(partition: number, work: () => Promise<T>): Promise<T> {
    const turn = (this.turns.get(partition) ?? Promise.resolve()).then(work, work);
    this.turns.set(partition, turn);
    return turn;
  }
}

/** Whether the checkpoint has not come beyond the gap yet. */
function comesUpTo({ context, reach }: Passing, { lanes }: Checkpoint): boolean {
  return (lanes[context] ?? 0) < (reach[context] ?? 0);
}

/** Whether fewer records at once may fare better. */
function isSplittable(error: unknown): error is Poison | Refusal {
  return error instanceof Poison || (error instanceof Refusal && error.code === 'BATCH_TOO_LARGE');
}

function parkedOf(record: Delivered, reason: string): Parked {
  const { key, offset, context, position, type } = record;
  const published = 'body' in record ? { record: record as LogRecord } : {};
  return { key, offset, context, position, type, reason, ...published };
}

function notFirst(first: number): Refusal {
  return new Refusal(
    'NOT_FIRST_PARKED',
    'conflict',
    `The first parked record of this key is at offset ${first}: records are given up in their order.`,
  );
}

function stillPoison(): Refusal {
  return new Refusal(
    'STILL_CANNOT_APPLY',
    'conflict',
    'The first parked record of this key still cannot be applied: mend what refuses it, or discard it.',
  );
}
