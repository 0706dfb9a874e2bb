import type { Keyed } from './projection.js';
import type { Checkpoint, ReadModels } from './read-models.js';
import { Stale, unseen, type Delivered, type Taker } from './runner.js';

/**
 * Facts that make a context append. What it must remember it reads from projections of its own context that stand before
 * it in the same pipeline, so they are applied at least up to the facts in hand. Every effect has a command id derived
 * from its cause (`uuid5`): taken again, it changes nothing. Reactions are never rebuilt.
 */
export interface Reaction<E extends Keyed> {
  readonly name: string;
  readonly on: readonly E['type'][];
  /** In order; everything it appends is durable when it resolves. */
  react(events: readonly E[], partition: number): Promise<void>;
}

/** Runs a reaction with a checkpoint of its own per partition, moved after its appends. */
export class ReactionRunner<R extends Delivered, E extends Keyed> implements Taker<R, E> {
  readonly id: string;
  readonly on: ReadonlySet<string>;
  private readonly checkpoints = new Map<number, Checkpoint>();

  constructor(
    private readonly reaction: Reaction<E>,
    private readonly models: ReadModels,
  ) {
    this.id = `reaction.${reaction.name}`;
    this.on = new Set(reaction.on);
  }

  async checkpoint(partition: number): Promise<Checkpoint> {
    let checkpoint = this.checkpoints.get(partition);
    if (!checkpoint) {
      checkpoint = await this.models.checkpoint(this.id, partition);
      this.checkpoints.set(partition, checkpoint);
    }
    return checkpoint;
  }

  async take(partition: number, records: readonly R[], decode: (record: R) => E): Promise<void> {
    const from = await this.checkpoint(partition);
    const { fresh, lanes } = unseen(from, records);
    const last = records[records.length - 1];
    if (!last || last.offset <= from.offset) return;
    const events = fresh.filter((record) => this.on.has(record.type)).map(decode);
    if (events.length > 0) await this.reaction.react(events, partition);
    const to: Checkpoint = {
      offset: last.offset,
      lanes,
      recordedAt: last.recordedAt,
      applied: from.applied + events.length,
      skipped: from.skipped + fresh.length - events.length,
      parked: from.parked,
    };
    const outcome = await this.models.commit(this.id, partition, {
      from: from.offset,
      to,
      rows: new Map(),
      cells: new Map(),
      parked: [],
    });
    if (outcome === 'stale') {
      this.checkpoints.clear();
      throw new Stale(`${this.id}/${partition} is no longer at ${from.offset}`);
    }
    this.checkpoints.set(partition, to);
  }
}
