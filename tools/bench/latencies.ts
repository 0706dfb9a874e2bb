export interface Quantiles {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly count: number;
}

/** Quantiles by nearest rank, so that each is a measured value. */
export function quantiles(of: readonly number[]): Quantiles {
  const sorted = [...of].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
  return { p50: at(0.5), p99: at(0.99), max: at(1), count: sorted.length };
}

export const latencyHeader =
  '| what | p50 ms | p99 ms | longest ms | aim of p99 ms | of |\n|---|---|---|---|---|---|';

export function latencyRow(
  what: string,
  { p50, p99, max, count }: Quantiles,
  aim: string,
  of: string,
): string {
  const [half, most, longest] = [p50, p99, max].map((ms) => Math.round(ms).toLocaleString('en'));
  return `| ${what} | ${half} | ${most} | ${longest} | ${aim} | ${count} ${of} |`;
}

/** When events were acknowledged and counted, by partition. Within a partition both have the same order. */
export class Latencies {
  private readonly sent: { readonly at: number; readonly measured: boolean }[][];
  private readonly seen: number[][];

  constructor(partitions: number) {
    this.sent = Array.from({ length: partitions }, () => []);
    this.seen = Array.from({ length: partitions }, () => []);
  }

  /** Adds the next event of the partition. An event that is not measured only keeps the order. */
  acknowledged(partition: number, at: number, measured: boolean): void {
    this.sent[partition]!.push({ at, measured });
  }

  /** Reports that an answer that arrived at `at` counts `count` events of the partition. */
  counted(partition: number, count: number, at: number): void {
    const seen = this.seen[partition]!;
    while (seen.length < count) seen.push(at);
  }

  get events(): number {
    return this.sent.reduce((sum, all) => sum + all.length, 0);
  }

  /** Number of events that were acknowledged and not counted yet. */
  get missing(): number {
    return this.sent.reduce(
      (sum, all, partition) => sum + Math.max(0, all.length - this.seen[partition]!.length),
      0,
    );
  }

  /**
   * Latencies from acknowledged to counted; 0 when an answer was faster than the acknowledgement. Events that are not
   * counted yet are included as if they were counted now.
   */
  measured(now: number): { readonly latencies: readonly number[]; readonly uncounted: number } {
    let uncounted = 0;
    const latencies = this.sent.flatMap((all, partition) =>
      all.flatMap(({ at, measured }, n) => {
        if (!measured) return [];
        const seen = this.seen[partition]![n];
        if (seen === undefined) uncounted++;
        return [Math.max(0, (seen ?? now) - at)];
      }),
    );
    return { latencies, uncounted };
  }
}
