/** Figures have six decimals. */
const scale = 1_000_000n;

/** Divides integers, rounded half up (towards +∞) to 6 decimals; `null` when the denominator is 0. */
export function ratio(numerator: number | bigint, denominator: number | bigint): number | null {
  let [n, d] = [BigInt(numerator), BigInt(denominator)];
  if (d === 0n) return null;
  if (d < 0n) [n, d] = [-n, -d];
  const doubled = 2n * n * scale + d;
  const quotient = doubled / (2n * d);
  const floor = doubled < 0n && doubled % (2n * d) !== 0n ? quotient - 1n : quotient;
  return Number(floor) / Number(scale);
}

/** Rounds what is not a quotient of integers: bounds of intervals. */
function rounded(x: number): number {
  return Math.floor(x * 1e6 + 0.5) / 1e6 + 0;
}

/** Quantile of the standard normal distribution: 95 % lie within ±z. */
const z = 1.959963984540054;

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Wilson's 95 % interval of a share of `part` in `n` > 0 (Wilson 1927). */
export function wilson(part: number, n: number): Interval {
  const p = part / n;
  const centre = p + (z * z) / (2 * n);
  const spread = z * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  const whole = 1 + (z * z) / n;
  return {
    low: part === 0 ? 0 : rounded((centre - spread) / whole),
    high: part === n ? 1 : rounded((centre + spread) / whole),
  };
}

/** The 95 % interval of an NPS, −100..100, by its standard error √((p + d − (p − d)²) / n); `n` > 0. */
export function npsInterval(promoters: number, detractors: number, n: number): Interval {
  const [p, d] = [promoters / n, detractors / n];
  const error = Math.sqrt(Math.max(0, p + d - (p - d) ** 2) / n);
  return { low: rounded(100 * (p - d - z * error)), high: rounded(100 * (p - d + z * error)) };
}
