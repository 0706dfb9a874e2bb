import { parsed, wholeNumber, WrongOption } from './command-line.mjs';

export const usage = `usage: ./start [--port N] [--data DIR] [--sample small|none] [--reset [--yes]]

  --port N        port of the console and the API (8080, or READERSHIP_PORT); 0 takes a free one
  --data DIR      folder of the databases and keys (.data, or READERSHIP_DATA)
  --sample WHAT   small: a made-up consortium, loaded once (default); none: start empty
  --reset         delete the data and keys in the folder first; asks, unless --yes is given`;

export function optionsOf(args, env) {
  const { values } = parsed(args, {
    port: { type: 'string' },
    data: { type: 'string' },
    sample: { type: 'string' },
    reset: { type: 'boolean' },
    yes: { type: 'boolean' },
  });
  if (values.help) return usage;
  const portFrom =
    values.port === undefined && env.READERSHIP_PORT !== undefined ? 'READERSHIP_PORT' : '--port';
  const port = wholeNumber(portFrom, values.port ?? env.READERSHIP_PORT ?? '8080', 0, 65_535);
  const sample = values.sample ?? 'small';
  if (sample !== 'small' && sample !== 'none') throw new WrongOption('--sample takes small or none');
  const folder = values.data ?? env.READERSHIP_DATA ?? '.data';
  // A variable that is not set would else give the folder in which it is started.
  if (folder === '') throw new WrongOption('--data takes the name of a folder');
  return { port, folder, sample, reset: values.reset === true, yes: values.yes === true };
}
