/** Why a command is refused, in terms of the domain. The HTTP edge turns the kind into a status. */
export type RefusalKind = 'unknown' | 'forbidden' | 'conflict' | 'invalid' | 'stale' | 'not-yet';

/** A command that was understood and is refused; nothing changed. Details name codes and ids, never personal data. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    /** Stable and in upper snake case, such as `CARD_TAKEN`. Clients rely on it. */
    readonly code: string,
    readonly kind: RefusalKind,
    /** One sentence that says what to do next. */
    readonly detail: string,
    /** JSON pointer to the field at fault, if there is one. */
    readonly pointer?: string,
  ) {
    super(`${code}: ${detail}`);
  }
}
