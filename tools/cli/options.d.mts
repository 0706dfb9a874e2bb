export { readOrEnd } from '../../apps/standalone/command-line.mjs';

/** Says where somebody finds the access key. */
export const whereTheKeyIs: string;

/** Where a running Readership is, and the key that it lets in. */
interface Service {
  readonly url: string;
  readonly key: string;
}

export type Asked =
  | (Service & { readonly command: 'audit'; /** Seconds. */ readonly wait: number })
  | (Service & {
      readonly command: 'rebuild';
      readonly context: string;
      readonly model: string;
      readonly versionOfModel?: number;
      readonly switch: boolean;
      readonly abandon: boolean;
      /** Seconds. */
      readonly wait: number;
    })
  | (Service & {
      readonly command: 'republish';
      /** Defaults to every context. */
      readonly context?: string;
      /** Defaults to every partition. */
      readonly partition?: number;
      /** Defaults to the first position that the log lacks. Never without a context and a partition. */
      readonly from?: number;
      /** Seconds. */
      readonly wait: number;
    })
  | { readonly command: 'prepare'; readonly replication: number }
  | (Service & {
      readonly command: 'import';
      readonly file: string;
      /** JSON, or the name of a file with it. */
      readonly mapping: string;
      readonly source?: string;
      readonly encoding: string;
      readonly dryRun: boolean;
      readonly errors?: string;
    })
  | (Service & { readonly command: 'sample'; readonly state: string });

/** Reads the command line of `readership`. Returns the usage when it asks for help. Throws `WrongOption`. */
export function optionsOf(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Asked | string;
