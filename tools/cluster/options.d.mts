export { readOrEnd } from '../../apps/standalone/command-line.mjs';

export const samples: {
  readonly part: { readonly readers: number; readonly months: number };
  readonly small: { readonly readers: number; readonly months: number };
};
export type Sample = keyof typeof samples;

export interface Options {
  /** 0 takes a free port. */
  readonly port: number;
  readonly folder: string;
  readonly sample: Sample | 'none';
}

export const usage: string;

/** Reads the command line. Returns the usage when it asks for help. Throws `WrongOption`. */
export function optionsOf(args: readonly string[]): Options | string;
