import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countFrom } from './within.js';

/** One run. Resolves to the work done per second. */
export type Run = () => Promise<number>;

/** Measured rounds, 3 unless `--rounds N` says otherwise. */
export const rounds = countFrom(option('rounds'), 3, 25);

/** The value of an option `--<name> <value>` of the command line. */
function option(name: string): string | undefined {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
}

export function median(of: readonly number[]): number {
  return [...of].sort((a, b) => a - b)[Math.floor(of.length / 2)]!;
}

/**
 * Runs ours and the baseline in turn, after a warm-up of each. Prints the median of the rounds' ratios, and both
 * medians per second. Quote the ratio: it does not depend on the machine's speed.
 */
export async function compare(title: string, aim: number, ours: Run, baseline: Run): Promise<void> {
  await ours();
  await baseline();
  const pairs: Pair[] = [];
  for (let round = 0; round < rounds; round++) pairs.push({ ours: await ours(), baseline: await baseline() });
  row(title, `≥ ${aim}`, pairs, (n) => `${Math.round(n).toLocaleString('en')}/s`);
}

/** What one round measured of both sides. */
export interface Pair {
  readonly ours: number;
  readonly baseline: number;
}

/** Prints the medians of the rounds and the median of their ratios. */
export function row(
  title: string,
  aim: string,
  pairs: readonly Pair[],
  shown: (measured: number) => string,
): void {
  const ratios = pairs.map(({ ours, baseline }) => ours / baseline);
  const medianOf = (side: keyof Pair): string => shown(median(pairs.map((pair) => pair[side])));
  const each = ratios.map(digits).join(', ');
  console.log(
    `| ${title} | ${digits(median(ratios))} | ${aim} | ${medianOf('ours')} | ${medianOf('baseline')} | ${each} |`,
  );
}

/** Two significant digits at least. */
function digits(ratio: number): string {
  return ratio.toFixed(ratio < 0.1 ? 3 : ratio < 10 ? 2 : 1);
}

export function header(): void {
  console.log('| what | ratio | aim | ours | baseline | rounds |\n|---|---|---|---|---|---|');
}

/** Times `work` over `n` items. Resolves to items per second. */
export async function perSecond(n: number, work: () => Promise<void> | void): Promise<number> {
  const begun = process.hrtime.bigint();
  await work();
  return n / (Number(process.hrtime.bigint() - begun) / 1e9);
}

/** Runs `work` in a folder that is deleted afterwards. */
export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'readership-bench-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
