import type { Keyed } from './projection.js';
import type { ReadModels } from '../ports/read-models.js';
import type { Delivered } from './delivery.js';
import { Processor } from './processor.js';

/**
 * Facts that make a context append. What it must remember it reads from projections of its own context that stand before
 * it in the same group, so they are applied at least up to the facts in hand. Every effect has a command id derived
 * from its cause (`uuid5`): taken again, it changes nothing. Reactions are never rebuilt.
 */
export interface Reaction<E extends Keyed> {
  readonly name: string;
  readonly on: readonly E['type'][];
  /** In order; everything it appends is durable when it resolves. */
  react(events: readonly E[], partition: number): Promise<void>;
}

/**
 * Runs a reaction with a checkpoint of its own, moved after its appends. What cannot be decoded is parked with its key's
 * later records; when `react` itself fails, the batch is given to it again.
 */
export function reactionProcessor<R extends Delivered, E extends Keyed>(
  reaction: Reaction<E>,
  models: ReadModels,
): Processor<R, E> {
  return new Processor(`reaction.${reaction.name}`, new Set(reaction.on), models, {
    async apply(partition, events) {
      await reaction.react(events, partition);
      return { rows: new Map(), cells: new Map(), applied: events.length };
    },
    committed: () => {},
    forget: () => {},
  });
}
