/**
 * What is unavailable: the database of the stores, space on its disk, the brokers of the log, or the issuer of the tokens
 * by which people sign in. `BUSY` means that all are available and too much work is under way.
 */
export type Away = 'STORE_UNAVAILABLE' | 'STORE_FULL' | 'LOG_UNAVAILABLE' | 'ISSUER_UNAVAILABLE' | 'BUSY';

/**
 * An adapter cannot do now what it was asked, for a reason that does not depend on the request: ask again. It is not
 * known whether a write was stored; asked again with the same id, it is stored once. This is not a `Refusal`, so code
 * that treats a refusal as a decision about a command, a line or a record does not treat this as one.
 */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';

  constructor(
    readonly code: Away,
    /** The technology's name or code of the error, for the log. Never its message, which may quote stored data. */
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`${code}: ${reason}`, options);
  }
}
