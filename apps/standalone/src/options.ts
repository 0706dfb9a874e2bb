import { parseArgs } from 'node:util';

export interface Options {
  readonly port: number;
  readonly folder: string;
  readonly sample: 'small' | 'none';
  readonly reset: boolean;
  readonly yes: boolean;
}

export const usage = `usage: ./start [--port N] [--data DIR] [--sample small|none] [--reset [--yes]]

  --port N        port of the console and the API (8080, or READERSHIP_PORT)
  --data DIR      folder of the databases and keys (.data, or READERSHIP_DATA)
  --sample WHAT   small: a made-up consortium, loaded once (default); none: start empty
  --reset         delete the data and keys in the folder first; asks, unless --yes is given`;

/** Reads the command line. Throws an `Error` whose message is one line for the user. */
export function optionsOf(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string' },
      data: { type: 'string' },
      sample: { type: 'string', default: 'small' },
      reset: { type: 'boolean', default: false },
      yes: { type: 'boolean', default: false },
    },
  });
  const said = values.port ?? env['READERSHIP_PORT'] ?? '8080';
  const port = Number(said);
  // `Number` alone takes an empty text for 0 and `1e3` for 1000.
  if (!/^\d{1,5}$/.test(said) || port > 65_535) throw new Error('--port takes a number from 0 to 65535.');
  if (values.sample !== 'small' && values.sample !== 'none') throw new Error('--sample takes small or none.');
  const folder = values.data ?? env['READERSHIP_DATA'] ?? '.data';
  // A variable that is not set would else give the folder in which it is started.
  if (folder === '') throw new Error('--data takes the name of a folder.');
  return {
    port,
    folder,
    sample: values.sample,
    reset: values.reset,
    yes: values.yes,
  };
}
