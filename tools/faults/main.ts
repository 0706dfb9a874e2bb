import { down, status } from '#servers';
import { parseArgs } from 'node:util';
import { faultKinds, type FaultKind } from './schedule.js';
import { chaos } from './run.js';

const help = `usage: tools/chaos [--seed N] [--minutes M] [--rate R] [--faults kill,freeze,…]

  Starts the services on the servers of tools/backends, sends a known history at R requests per second for M minutes
  while faults happen, and says what is wrong afterwards; exits 1 if anything is. A seed gives the same history and the
  same faults at the same times. Faults: ${faultKinds.join(', ')}.`;

/** The time in addition to the minutes of faults: to start, to become idle and to judge. */
const judgingMinutes = 10;
const shownMax = 50;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '5' },
    rate: { type: 'string', default: '8' },
    faults: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});

/** Accepts a positive number; otherwise the help is shown. */
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
const minutes = number(values.minutes);
const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupted.abort(name));
let judged = false;
process.once('exit', () => {
  if (judged) return;
  console.error(`seed ${seed}: ended without a verdict`);
  process.exitCode = 1;
});
const wereUp = (await status()).every(({ id }) => id !== undefined);
try {
  const wrong = await chaos({
    seed,
    minutes,
    requestsPerSecond: number(values.rate),
    ...(kinds ? { kinds: kinds as FaultKind[] } : {}),
    say: (line) => console.log(line),
    signal: AbortSignal.any([interrupted.signal, AbortSignal.timeout((minutes + judgingMinutes) * 60_000)]),
  });
  judged = true;
  for (const sentence of wrong.slice(0, shownMax)) console.log(sentence);
  console.log(`seed ${seed}: ${wrong.length === 0 ? 'all is well' : `${wrong.length} things are wrong`}`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
} finally {
  if (!wereUp) await down();
}
// Something that hangs must not keep the process alive.
process.exit();
