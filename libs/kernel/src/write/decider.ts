import type { AnyEvent } from '../event.js';

/** The rules of one kind of stream, as pure functions. */
export interface Decider<State, Command, E extends AnyEvent> {
  /** Stream names are `<category>-<id>`. */
  readonly category: string;
  readonly initial: State;
  /** The events that follow from the command; `[]` when nothing would change. Throws a `Refusal`. */
  decide(command: Command, state: State): readonly E[];
  evolve(state: State, event: E): State;
}

export function streamOf(category: string, id: string): string {
  return `${category}-${id}`;
}
