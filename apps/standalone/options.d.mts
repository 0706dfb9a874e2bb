export interface Options {
  /** 0 takes a free port. */
  readonly port: number;
  readonly folder: string;
  readonly sample: 'small' | 'none';
  readonly reset: boolean;
  readonly yes: boolean;
}

export const usage: string;

/** Reads the command line. Returns the usage when it asks for help. Throws `WrongOption`. */
export function optionsOf(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Options | string;
