import type { Keyed } from './projection.js';
import type { ReadModels } from '../ports/read-models.js';
import type { Delivered } from './delivery.js';
import { Processor } from './processor.js';

/**
 * Appends to its context in response to facts. It remembers through projections of its own context, which come before
 * it in the same group and so are applied at least up to the given facts. Every effect has a command id derived from
 * its cause (`uuid5`), so taking a fact again changes nothing. Reactions are never rebuilt.
 */
export interface Reaction<E extends Keyed> {
  readonly name: string;
  readonly on: readonly E['type'][];
  /** Reacts to the events in order. Everything it appends is durable when it resolves. */
  react(events: readonly E[], partition: number): Promise<void>;
}

/**
 * Runs a reaction with its own checkpoint, which moves after its appends. A record that cannot be decoded is parked,
 * and so are the later records of its key. When `react` fails, it gets the same batch again.
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
