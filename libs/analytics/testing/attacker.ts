/**
 * What somebody can work out by adding and subtracting what they were told. Each sum that is known is a row of
 * coefficients over counts, which are named. A count follows from the rows exactly when it is 0 on every vector on which
 * all rows are 0; a few random ones of these decide that, modulo a prime.
 */
export type Sum = ReadonlyMap<string, number>;

// The product of two remainders is still an exact number.
const prime = 67_108_859;

export class Attacker {
  private readonly columns = new Map<string, number>();
  private readonly rows: Sum[] = [];
  private solutions: readonly number[][] = [];

  /** They know the value of this sum. */
  learns(sum: Sum): void {
    this.rows.push(sum);
    for (const name of sum.keys()) if (!this.columns.has(name)) this.columns.set(name, this.columns.size);
  }

  /** Ends the learning. `below` gives random numbers. */
  thinks(below: (n: number) => number): void {
    const size = this.columns.size;
    const pivots = new Map<number, Float64Array>();
    for (const sum of this.rows) {
      const row = new Float64Array(size);
      for (const [name, n] of sum) row[this.columns.get(name)!] = ((n % prime) + prime) % prime;
      for (let at = 0; at < size; at++) {
        if (row[at] === 0) continue;
        const known = pivots.get(at);
        if (known === undefined) {
          const inverse = power(row[at]!, prime - 2);
          for (let i = at; i < size; i++) row[i] = (row[i]! * inverse) % prime;
          pivots.set(at, row);
          break;
        }
        const factor = prime - row[at]!;
        for (let i = at; i < size; i++) if (known[i] !== 0) row[i] = (row[i]! + factor * known[i]!) % prime;
      }
    }
    this.solutions = [1, 2, 3].map(() => {
      const of = new Array<number>(size).fill(0);
      for (let at = size - 1; at >= 0; at--) {
        const row = pivots.get(at);
        if (row === undefined) of[at] = below(prime);
        else {
          let sum = 0;
          for (let i = at + 1; i < size; i++) if (row[i] !== 0) sum = (sum + row[i]! * of[i]!) % prime;
          of[at] = (prime - sum) % prime;
        }
      }
      return of;
    });
  }

  /** Whether the value of this sum follows from what they know. */
  knows(sum: Sum): boolean {
    return this.solutions.every((solution) => {
      let of = 0;
      for (const [name, n] of sum) {
        const at = this.columns.get(name);
        // Nothing was ever said about this count.
        if (at === undefined) return false;
        of = (of + (((n % prime) + prime) % prime) * solution[at]!) % prime;
      }
      return of === 0;
    });
  }
}

function power(base: number, exponent: number): number {
  let [result, square, left] = [1, base, exponent];
  for (; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result = (result * square) % prime;
    square = (square * square) % prime;
  }
  return result;
}
