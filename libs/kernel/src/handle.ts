import { streamOf, type Decider } from './decider.js';
import type { AnyEvent, Meta } from './event.js';
import type { EventStore, Marks } from './event-store.js';
import { Refusal } from './refusal.js';

export interface Handled<State, E> {
  readonly state: State;
  /** Of the stream, after this command. */
  readonly version: number;
  /** What this command recorded; empty when it was so already. */
  readonly events: readonly E[];
  readonly marks: Marks;
}

export interface Folded<State> {
  readonly state: State;
  readonly version: number;
}

const attemptsMax = 5;

/** Reads a stream page by page and folds it; version 0 is a stream that does not exist. */
export async function fold<State, Command, E extends AnyEvent>(
  store: EventStore,
  decider: Decider<State, Command, E>,
  id: string,
): Promise<Folded<State>> {
  const stream = streamOf(decider.category, id);
  let state = decider.initial;
  let version = 0;
  for (;;) {
    const page = await store.load(stream, version);
    for (const event of page.events) state = decider.evolve(state, event as unknown as E);
    version = page.version;
    if (!page.more) return { state, version };
  }
}

/**
 * The whole write side: load, fold, decide, append; again on a conflict, a bounded number of times.
 * Throws the decider's `Refusal`; `VERSION_MISMATCH` when `ifVersion` is given and is not the stream's version;
 * `BUSY` when others kept winning.
 */
export async function handle<State, Command, E extends AnyEvent>(
  store: EventStore,
  decider: Decider<State, Command, E>,
  id: string,
  command: Command,
  meta: Meta,
  ifVersion?: number,
): Promise<Handled<State, E>> {
  const stream = streamOf(decider.category, id);
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    const { state, version } = await fold(store, decider, id);
    if (ifVersion !== undefined && ifVersion !== version) {
      throw new Refusal(
        'VERSION_MISMATCH',
        'stale',
        'It changed since you read it: read it again and repeat.',
      );
    }
    const events = decider.decide(command, state);
    if (events.length === 0) return { state, version, events, marks: {} };
    const result = await store.append(stream, version, events, meta);
    if (result.outcome === 'appended') {
      return {
        state: events.reduce(decider.evolve, state),
        version: result.version,
        events,
        marks: result.marks,
      };
    }
  }
  throw new Refusal('BUSY', 'not-yet', 'Others are changing the same record: try again in a moment.');
}
