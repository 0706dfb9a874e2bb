import { down, status } from '#servers';
import { parseArgs } from 'node:util';
import { faultKinds, type FaultKind } from './schedule.js';
import { chaos } from './run.js';

const help = `usage: tools/chaos [--seed N] [--minutes M] [--rate R] [--faults kill,freeze,…]

  Starts the services on the servers of tools/backends, sends a known history at R requests per second for M minutes
  while faults happen, and says what is wrong afterwards; exits 1 if anything is. A seed gives the same history and the
  same faults at the same times. Faults: ${faultKinds.join(', ')}.`;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '5' },
    rate: { type: 'string', default: '8' },
    faults: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});

/** Positive, or the help is shown. */
function number(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  console.error(help);
  process.exit(2);
}

const seed = number(values.seed);
const kinds = values.faults?.split(',');
if (values.help || kinds?.some((kind) => !faultKinds.includes(kind as FaultKind))) {
  console.log(help);
  process.exit(values.help ? 0 : 2);
}
console.log(`seed ${seed}`);
const wereUp = (await status()).every(({ id }) => id !== undefined);
try {
  const wrong = await chaos({
    seed,
    minutes: number(values.minutes),
    requestsPerSecond: number(values.rate),
    ...(kinds ? { kinds: kinds as FaultKind[] } : {}),
    say: (line) => console.log(line),
  });
  for (const sentence of wrong.slice(0, 50)) console.log(sentence);
  console.log(
    wrong.length === 0 ? `seed ${seed}: all is well` : `seed ${seed}: ${wrong.length} things are wrong`,
  );
  process.exitCode = wrong.length === 0 ? 0 : 1;
} finally {
  if (!wereUp) await down();
}
