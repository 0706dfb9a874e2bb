/** A record that can never be applied as it is: a pure function threw on it or on a result of it. */
export class Poison extends Error {
  override readonly name = 'Poison';
}

/** Runs a pure function on a record and rethrows its error as `Poison`. */
export function poisonous<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new Poison('a record cannot be applied', { cause: error });
  }
}
