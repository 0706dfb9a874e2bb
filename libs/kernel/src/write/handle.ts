import { streamOf, type Decider } from './decider.js';
import type { AnyEvent, Meta, Stored } from '../event.js';
import type { Appended, Commit, EventStore, Mark, Marks } from '../ports/event-store.js';
import { Refusal } from '../refusal.js';

export interface Handled<State, E> {
  readonly state: State;
  /** Version of the stream after this command. */
  readonly version: number;
  /** What this command recorded; empty when nothing had to change. */
  readonly events: readonly E[];
  readonly marks: Marks;
}

export interface Folded<State> {
  readonly state: State;
  readonly version: number;
}

const attemptsMax = 5;

/** Reads a stream page by page and folds it. Version 0 means that the stream does not exist. */
export async function fold<State, Command, E extends AnyEvent>(
  store: EventStore,
  decider: Decider<State, Command, E>,
  id: string,
  seen?: (event: Stored, after: State) => void,
): Promise<Folded<State>> {
  const stream = streamOf(decider.category, id);
  let state = decider.initial;
  let version = 0;
  for (;;) {
    const page = await store.load(stream, version);
    for (const event of page.events) {
      state = decider.evolve(state, event as unknown as E);
      seen?.(event, state);
    }
    version = page.version;
    if (!page.more) return { state, version };
  }
}

/** A stream as it is now, and what a command has recorded there. */
export interface FoldedFor<State, E> extends Folded<State> {
  /** As the command left the stream, whatever came after it; `null` when it has recorded nothing there. */
  readonly earlier: Handled<State, E> | null;
}

/** Folds a stream like `fold`, and finds what the command of this id has recorded in it. */
export async function foldFor<State, Command, E extends AnyEvent>(
  store: EventStore,
  decider: Decider<State, Command, E>,
  id: string,
  commandId: string,
): Promise<FoldedFor<State, E>> {
  const own: Stored[] = [];
  let left: Folded<State> | undefined;
  const now = await fold(store, decider, id, (event, state) => {
    if (event.commandId !== commandId) return;
    own.push(event);
    left = { state, version: event.version };
  });
  if (left === undefined) return { ...now, earlier: null };
  return { ...now, earlier: { ...left, events: own as unknown as readonly E[], marks: marksOf(own) } };
}

function marksOf(events: readonly Stored[]): Marks {
  const marks: Record<number, Mark> = {};
  for (const { partition, position, fact } of events) {
    const { taken = 0, published = 0 } = marks[partition] ?? {};
    marks[partition] = {
      taken: Math.max(taken, position),
      published: fact === null ? published : Math.max(published, position),
    };
  }
  return marks;
}

/**
 * The whole write side: load, fold, decide, append, and a bounded number of retries on a conflict. A command that was
 * recorded before, be it by a process that ended before it could answer, gives what it gave then and records nothing,
 * whatever happened to the stream since; so one command id stands for one command of a stream. Throws the decider's
 * `Refusal`; `VERSION_MISMATCH` when `ifVersions` are given and none is the stream's version; `BUSY` when other writers
 * win every attempt. `expectPermitted` rejects when the sender may not change the state that the command meets; it is asked
 * on every attempt, before anything else is said of the stream.
 */
export async function handle<State, Command, E extends AnyEvent>(
  store: EventStore,
  decider: Decider<State, Command, E>,
  id: string,
  command: Command,
  meta: Meta,
  ifVersions?: readonly number[],
  expectPermitted?: (state: State) => Promise<void>,
): Promise<Handled<State, E>> {
  const stream = streamOf(decider.category, id);
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    const { state, version, earlier } = await foldFor(store, decider, id, meta.commandId);
    await expectPermitted?.(state);
    if (earlier !== null) return earlier;
    if (ifVersions !== undefined && !ifVersions.includes(version)) {
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

/** A command for a stream that most likely does not exist yet. */
export interface NewStream<Command> {
  readonly id: string;
  readonly command: Command;
}

/** The result of one command. */
export type Outcome =
  | {
      readonly outcome: 'recorded' | 'already-recorded';
      readonly id: string;
      readonly version: number;
      readonly marks: Marks;
    }
  | { readonly outcome: 'refused'; readonly id: string; readonly refusal: Refusal };

/**
 * Handles many commands, each for a new stream. They are decided on the initial state, without reading, and appended
 * together. A command whose stream exists is handled separately, so its outcome is the one that `handle` gives. The
 * outcomes are in the order of the commands. A refusal belongs to its command alone, except `BUSY`, which is thrown:
 * when the commands are sent again, those that were recorded give `already-recorded`. Each command gets its own command
 * id, so of two for one stream the second meets what the first recorded.
 */
export async function handleNew<State, Command, E extends AnyEvent>(
  store: EventStore,
  decider: Decider<State, Command, E>,
  beginnings: readonly NewStream<Command>[],
  meta: Meta,
  newCommandId: () => string,
): Promise<readonly Outcome[]> {
  const commits: Commit[] = [];
  const commitOf: number[] = [];
  for (const { id, command } of beginnings) {
    const events = unlessRefused(decider, command);
    commitOf.push(events.length === 0 ? -1 : commits.length);
    if (events.length === 0) continue;
    commits.push({
      stream: streamOf(decider.category, id),
      expectedVersion: 0,
      events,
      meta: { ...meta, commandId: newCommandId() },
    });
  }
  const appended = await appendedTogether(store, commits);
  const begun: Outcome[] = [];
  for (const { id, command } of beginnings) {
    const result: Appended | undefined = appended[commitOf[begun.length]!];
    if (result?.outcome === 'appended') {
      begun.push({ outcome: 'recorded', id, version: result.version, marks: result.marks });
    } else {
      begun.push(await handled(store, decider, id, command, { ...meta, commandId: newCommandId() }));
    }
  }
  return begun;
}

/**
 * Appends the commits together. Returns nothing when one is refused, because that refuses all; each is then handled
 * separately.
 */
async function appendedTogether(store: EventStore, commits: readonly Commit[]): Promise<readonly Appended[]> {
  try {
    return commits.length === 0 ? [] : await store.appendEach(commits);
  } catch (error) {
    if (!(error instanceof Refusal) || error.kind === 'not-yet') throw error;
    return [];
  }
}

/** The events of the command on a stream that does not exist. Empty when it is refused, because the stream may exist. */
function unlessRefused<State, Command, E extends AnyEvent>(
  decider: Decider<State, Command, E>,
  command: Command,
): readonly E[] {
  try {
    return decider.decide(command, decider.initial);
  } catch (error) {
    if (error instanceof Refusal) return [];
    throw error;
  }
}

async function handled<State, Command, E extends AnyEvent>(
  store: EventStore,
  decider: Decider<State, Command, E>,
  id: string,
  command: Command,
  meta: Meta,
): Promise<Outcome> {
  try {
    const { version, events, marks } = await handle(store, decider, id, command, meta);
    return { outcome: events.length === 0 ? 'already-recorded' : 'recorded', id, version, marks };
  } catch (error) {
    if (!(error instanceof Refusal) || error.kind === 'not-yet') throw error;
    return { outcome: 'refused', id, refusal: error };
  }
}
