/** A command line that cannot be followed. The message is one line for the user, without a full stop. */
export class WrongOption extends Error {}

export interface Parsed {
  /** By the names of the options: text, or `true` for one without a value. What was not given is absent. */
  readonly values: Readonly<Record<string, string | true | undefined>>;
  /** The words that are no options, in order. */
  readonly operands: readonly string[];
}

/**
 * Reads `args` by these options and `--help`; of an option that comes twice the last counts. Throws `WrongOption` for an
 * option that is unknown or lacks its value, and for more than `operandsMax` operands (0) when no help is asked for.
 */
export function parsed(
  args: readonly string[],
  options: Readonly<Record<string, { readonly type: 'string' | 'boolean' }>>,
  operandsMax?: number,
): Parsed;

/** The number that an option gives in digits. Throws `WrongOption` when it is not one from `from` to `to`. */
export function wholeNumber(option: string, text: string, from: number, to: number): number;

/**
 * What `read` returns. When that is text, it is the usage: prints it and ends the process with 0. When `read` throws
 * `WrongOption`, prints one line that begins with the name of the program, and ends the process with 2.
 */
export function readOrEnd<T extends object>(program: string, read: () => T | string): T;
