import { parseArgs } from 'node:util';

export const samples = {
  part: { readers: 150, months: 36 },
  small: { readers: 2_000, months: 36 },
} as const;
export type Sample = keyof typeof samples;

export interface Options {
  /** 0 takes a free port. */
  readonly port: number;
  readonly folder: string;
  readonly sample: Sample | 'none';
}

export const usage = `usage: npm run cluster -- [--port N] [--data DIR] [--sample part|small|none]

  Runs the four services with Kafka, MongoDB's stand-in, Redis and nginx as processes of this machine, without containers.

  --port N        port of the one address (8080); 0 takes a free one
  --data DIR      folder of the servers' data, the keys and the logs (.data/cluster)
  --sample WHAT   a made-up consortium, loaded once: part of it (150 readers, a minute or two; the default),
                  small: as ./start has it (2,000 readers, about twenty minutes); none: start empty`;

/** Reads the command line. Throws an `Error` whose message is one line for the user. */
export function optionsOf(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string', default: '8080' },
      data: { type: 'string', default: '.data/cluster' },
      sample: { type: 'string', default: 'part' },
    },
  });
  const port = Number(values.port);
  if (!/^\d{1,5}$/.test(values.port) || port > 65_535)
    throw new Error('--port takes a number from 0 to 65535.');
  const { sample } = values;
  if (sample !== 'part' && sample !== 'small' && sample !== 'none')
    throw new Error('--sample takes part, small or none.');
  return { port, folder: values.data, sample };
}
