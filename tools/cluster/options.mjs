import { parsed, wholeNumber, WrongOption } from '../../apps/standalone/command-line.mjs';
export { readOrEnd } from '../../apps/standalone/command-line.mjs';

export const samples = {
  part: { readers: 150, months: 36 },
  small: { readers: 2_000, months: 36 },
};

export const usage = `usage: npm run cluster -- [--port N] [--data DIR] [--sample part|small|none]

  Runs the four services with Kafka, MongoDB's stand-in, Redis and nginx as processes of this machine, without containers.

  --port N        port of the one address (8080); 0 takes a free one
  --data DIR      folder of the servers' data, the keys and the logs (.data/cluster)
  --sample WHAT   a made-up consortium, loaded once: part of it (150 readers, a minute or two; the default),
                  small: as ./start has it (2,000 readers, three minutes or more); none: start empty`;

export function optionsOf(args) {
  const { values } = parsed(args, {
    port: { type: 'string' },
    data: { type: 'string' },
    sample: { type: 'string' },
  });
  if (values.help) return usage;
  const port = wholeNumber('--port', values.port ?? '8080', 0, 65_535);
  const sample = values.sample ?? 'part';
  if (sample !== 'none' && !Object.hasOwn(samples, sample))
    throw new WrongOption('--sample takes part, small or none');
  const folder = values.data ?? '.data/cluster';
  if (folder === '') throw new WrongOption('--data takes the name of a folder');
  return { port, folder, sample };
}
