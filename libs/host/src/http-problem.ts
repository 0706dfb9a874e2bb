/** One invalid field, with a JSON pointer into the body. */
export interface FieldProblem {
  readonly pointer: string;
  readonly code: string;
  readonly detail: string;
}

/** A refusal by the HTTP edge rather than the domain, with its own status. */
export class HttpProblem extends Error {
  override readonly name: string = 'HttpProblem';

  constructor(
    readonly status: number,
    /** Stable, in upper snake case. */
    readonly code: string,
    /** One sentence that says what to do next. It never quotes what was sent. */
    readonly detail: string,
    readonly more: {
      readonly errors?: readonly FieldProblem[];
      /** How many errors there are besides those. */
      readonly errorsUnlisted?: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly retryAfterS?: number;
    } = {},
  ) {
    super(`${code}: ${detail}`);
  }
}

/** The request cannot be read at all: 400. */
export class Unreadable extends HttpProblem {
  override readonly name = 'Unreadable';

  constructor(code: string, detail: string) {
    super(400, code, detail);
  }
}
