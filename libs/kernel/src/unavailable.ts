/**
 * What is away: the database of the stores, room on its disk, or the brokers of the log. `BUSY`: all are there, and too
 * much is under way.
 */
export type Away = 'STORE_UNAVAILABLE' | 'STORE_FULL' | 'LOG_UNAVAILABLE' | 'BUSY';

/**
 * An adapter cannot do now what it was asked, for a reason that has nothing to do with what was asked: ask again.
 * Whether a write was stored is not known; asked again under the same id, it is stored once. No `Refusal`: whoever
 * takes those for a decision about a command, a line or a record must not take this for one.
 */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';

  constructor(
    readonly code: Away,
    /** What the technology calls it, a name or code for the log: never its message, which may quote what was stored. */
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`${code}: ${reason}`, options);
  }
}
