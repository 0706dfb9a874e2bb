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

/** True when `a` comes before `b` in the database. */
export function before(a: string, b: string): boolean {
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;
}
