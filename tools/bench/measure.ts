import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One run. Resolves to the work done per second. */
export type Run = () => Promise<number>;

export const rounds = 3;

function median(of: readonly number[]): number {
  return [...of].sort((a, b) => a - b)[Math.floor(of.length / 2)]!;
}

/**
 * Runs ours and the baseline in turn, after a warm-up of each. Prints the median of the rounds' ratios, and both
 * medians per second. Quote the ratio: it does not depend on the machine's speed.
 */
export async function compare(title: string, aim: number, ours: Run, baseline: Run): Promise<number> {
  await ours();
  await baseline();
  const pairs: { readonly ours: number; readonly baseline: number }[] = [];
  for (let round = 0; round < rounds; round++) pairs.push({ ours: await ours(), baseline: await baseline() });
  const ratio = median(pairs.map((pair) => pair.ours / pair.baseline));
  const each = (of: 'ours' | 'baseline') =>
    Math.round(median(pairs.map((pair) => pair[of]))).toLocaleString('en');
  console.log(
    `| ${title} | ${ratio.toFixed(2)} | ≥ ${aim} | ${each('ours')} | ${each('baseline')} | ${pairs.map((pair) => (pair.ours / pair.baseline).toFixed(2)).join(', ')} |`,
  );
  return ratio;
}

export function header(): void {
  console.log('| what | ratio | aim | ours /s | baseline /s | rounds |\n|---|---|---|---|---|---|');
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
