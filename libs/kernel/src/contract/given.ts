import type { Decider } from '../write/decider.js';
import type { AnyEvent } from '../event.js';
import type { Keyed, Projection } from '../read/projection.js';
import { Refusal } from '../refusal.js';

/** Given/when/then for a decider. Throws an `Error` that shows the actual decision when it differs. */
export function given<State, Command, E extends AnyEvent>(
  decider: Decider<State, Command, E>,
  ...past: readonly NoInfer<E>[]
) {
  return {
    when(command: Command) {
      const decide = () => decider.decide(command, past.reduce<State>(decider.evolve, decider.initial));
      return {
        then(...expected: readonly E[]): void {
          same(decide(), expected);
        },
        thenNothing(): void {
          same(decide(), []);
        },
        thenRefused(code: string): void {
          try {
            const events = decide();
            throw new Error(`not refused with ${code}; decided ${JSON.stringify(events)}`);
          } catch (error) {
            if (error instanceof Refusal) same(error.code, code);
            else throw error;
          }
        },
      };
    },
  };
}

/** Given/then for a projection: applies every event in order to the row of its key. */
export function projected<E extends Keyed, Row extends object>(
  projection: Projection<E, Row>,
  ...events: readonly E[]
) {
  const rows = new Map<string, Row>();
  for (const event of events) {
    const key = projection.key(event);
    if (key === null) continue;
    const fold = (before: Row | null): Row | null => projection.apply(before, event);
    const row = fold(rows.get(key) ?? null);
    if (projection.overwrites) same(fold(null), row);
    if (row === null) rows.delete(key);
    else rows.set(key, row);
  }
  return {
    rows,
    thenRow(key: string, expected: Row | null): void {
      same(rows.get(key) ?? null, expected);
    },
  };
}

function same(actual: unknown, expected: unknown): void {
  const [got, wanted] = [JSON.stringify(actual, sorted, 2), JSON.stringify(expected, sorted, 2)];
  if (got !== wanted) throw new Error(`expected ${wanted}\nbut got ${got}`);
}

function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
