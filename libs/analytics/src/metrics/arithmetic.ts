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

/**
 * Rounds the bounds of a figure and keeps them on its scale. The figure is rounded exactly and the bounds are not, so
 * the last decimal of a bound could pass it.
 */
function bounds(
  low: number,
  value: number,
  high: number,
  [least, most]: readonly [number, number],
): Interval {
  return {
    low: Math.min(value, Math.max(least, rounded(low))),
    high: Math.max(value, Math.min(most, rounded(high))),
  };
}

/** Wilson's 95 % interval of a share of `part` in `n` > 0 (Wilson 1927), within 0..1 and around the rounded share. */
export function wilson(part: number, n: number): Interval {
  const p = part / n;
  const centre = p + (z * z) / (2 * n);
  const spread = z * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  const whole = 1 + (z * z) / n;
  return bounds((centre - spread) / whole, ratio(part, n)!, (centre + spread) / whole, [0, 1]);
}

/**
 * The 95 % interval of an NPS by its standard error √((p + d − (p − d)²) / n), within −100..100 and around the rounded
 * score; `n` > 0.
 */
export function npsInterval(promoters: number, detractors: number, n: number): Interval {
  const [p, d] = [promoters / n, detractors / n];
  const error = Math.sqrt(Math.max(0, p + d - (p - d) ** 2) / n);
  const score = ratio(100 * (promoters - detractors), n)!;
  return bounds(100 * (p - d - z * error), score, 100 * (p - d + z * error), [-100, 100]);
}
