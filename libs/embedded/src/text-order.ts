/**
 * The database orders text by code points, JavaScript by code units; the two differ from U+D800 on. These functions
 * give bounds in the database's order.
 */

/** The smallest text that is greater than everything that begins with `prefix`; `null` when there is none. */
export function afterPrefix(prefix: string): string | null {
  const points = [...prefix];
  while (points.length > 0) {
    const point = points.pop()!.codePointAt(0)!;
    if (point < 0x10ffff)
      return points.join('') + String.fromCodePoint(point === 0xd7ff ? 0xe000 : point + 1);
  }
  return null;
}

/** `text` up to where the two orders may differ. */
export function plainStart(text: string): string {
  const at = text.search(/[\ud800-\uffff]/);
  return at < 0 ? text : text.slice(0, at);
}

/**
 * Pairs of bounds in the database's order that hold every text of the ranges, each text in one pair only. A bound of
 * `null` is after every text. Pairs hold more than the ranges where the two orders differ.
 */
export function disjoint(
  ranges: readonly { readonly from: string; readonly to: string }[],
): (readonly [from: string, to: string | null])[] {
  const bounds = ranges
    .map(({ from, to }) => {
      const upper = plainStart(to);
      return { from: plainStart(from), to: upper === to ? to : afterPrefix(upper) };
    })
    .filter(({ from, to }) => to === null || from < to)
    // Without what is ordered differently, the bounds are in one order here and in the database.
    .sort((a, b) => (a.from < b.from ? -1 : 1));
  const pairs: [from: string, to: string | null][] = [];
  for (const { from, to } of bounds) {
    const last = pairs[pairs.length - 1];
    if (last === undefined || (last[1] !== null && last[1] < from)) pairs.push([from, to]);
    else if (last[1] !== null && (to === null || to > last[1])) last[1] = to;
  }
  return pairs;
}

/** True when `a` comes before `b` in the database. */
export function before(a: string, b: string): boolean {
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;
}
