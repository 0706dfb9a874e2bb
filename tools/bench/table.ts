// The whole table of docs/benchmarks.md, one benchmark after the other, each in processes of its own. Leave the machine
// alone meanwhile; on two cores it takes less than 20 minutes. --million adds a run of a million interactions. The parts
// on Kafka and MongoDB need the servers of tools/backends, so they run only with --cluster.
// usage: node tools/dist/bench/table.js [--rounds N] [--interactions N] [--million] [--cluster]
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bareInserts, interactionLine } from './bare-inserts.js';
import { header, median, row, type Pair } from './measure.js';
import { countFrom } from './within.js';
import { measureWholeProcess, type WholeProcess } from './whole-process.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    interactions: { type: 'string' },
    million: { type: 'boolean', default: false },
    cluster: { type: 'boolean', default: false },
  },
});
const rounds = countFrom(values.rounds, 5, 25);
const interactions = countFrom(values.interactions, 100_000, 10_000_000);
const million = 1_000_000;
const bareRows = 30_000;
const processedRecords = 30_000;
/** The lines of `memory.js`, shown below the table. */
const memoryLines: string[] = [];

/** Runs another benchmark. Resolves to what it prints. */
function output(name: string, ...args: readonly string[]): string {
  const { stdout, status } = spawnSync(process.execPath, [join(import.meta.dirname, `${name}.js`), ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`${name}.js ended with ${status}`);
  return stdout;
}

function rowsOf(name: string, ...args: readonly string[]): void {
  const rows = output(name, ...args, '--rounds', String(rounds))
    .split('\n')
    .slice(2);
  console.log(rows.join('\n').trimEnd());
}

interface Round {
  readonly whole: WholeProcess;
  /** Bare inserts per second, just before and after. */
  readonly bare: number;
}

async function round(n: number): Promise<Round> {
  const before = await bareInserts(bareRows, interactionLine);
  const whole = await measureWholeProcess(n, (line) => memoryLines.push(line));
  const after = await bareInserts(bareRows, interactionLine);
  return { whole, bare: (before + after) / 2 };
}

function wholeProcessRows(all: readonly Round[], n: number): void {
  const pairs = (ours: (whole: WholeProcess) => number): Pair[] =>
    all.map(({ whole, bare }) => ({ ours: ours(whole), baseline: bare }));
  const perSecond = (rate: number): string => `${Math.round(rate).toLocaleString('en')}/s`;
  const named = `of ${n.toLocaleString('en')}`;
  row(
    `acknowledged ÷ bare inserts, ${named}`,
    '≥ 0.08',
    pairs((w) => w.acknowledgedPerSecond),
    perSecond,
  );
  row(
    `applied ÷ bare inserts, ${named}`,
    '≥ 0.07',
    pairs((w) => w.appliedPerSecond),
    perSecond,
  );
  row(
    `processor time of an interaction ÷ a bare insert, ${named}`,
    '≤ 22',
    all.map(({ whole, bare }) => ({ ours: whole.processorUs, baseline: 1e6 / bare })),
    (us) => `${us.toFixed(1)} µs`,
  );
  const bytes = (of: Round): number => [...of.whole.stored.values()].reduce((sum, each) => sum + each, 0);
  const byDatabase = [...all[0]!.whole.stored].map(([name, each]) => `${name} ${Math.round(each)}`);
  console.log(
    `| bytes stored per interaction, ${named} | | ≤ 1,000 | ${Math.round(median(all.map(bytes))).toLocaleString('en')} | | ${byDatabase.join(', ')} |`,
  );
}

console.log(
  `${rounds} rounds; ${availableParallelism()} cores; Node ${process.versions.node}; ${new Date().toISOString().slice(0, 10)}\n`,
);
header();
rowsOf('store');
rowsOf('ingest');
rowsOf('processor', String(processedRecords));
const all: Round[] = [];
// The first of these bare loops warms up.
await bareInserts(bareRows, interactionLine);
for (let n = 0; n < rounds; n++) all.push(await round(interactions));
wholeProcessRows(all, interactions);
if (values.million) {
  const large = await round(million);
  wholeProcessRows([large], million);
  const ours = large.whole.processorUs;
  row(
    `processor time of an interaction, of ${million.toLocaleString('en')} ÷ of ${interactions.toLocaleString('en')}`,
    '≤ 1.1',
    all.map(({ whole }) => ({ ours, baseline: whole.processorUs })),
    (us) => `${us.toFixed(1)} µs`,
  );
}
console.log(`\n${memoryLines.join('\n')}\n`);
console.log(output('figures'));
if (values.cluster) {
  console.log(output('cluster'));
  console.log(output('event-to-metric'));
}
