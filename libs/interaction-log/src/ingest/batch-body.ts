/** A batch in the raw: its lines or elements, numbered from 1. */
export interface BatchLine {
  readonly line: number;
  /** Bytes of an NDJSON line that are still to be read, or an element that was read. */
  readonly bytes?: Buffer;
  readonly element?: unknown;
}

export const batchLinesMax = 10_000;
export const batchBytesMax = 10_000_000;

const newline = 0x0a;

function blank(body: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const byte = body[at];
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) return false;
  }
  return true;
}

/** The lines of NDJSON that are not empty, without copying them. The number counts empty lines too. */
export function* ndjsonLines(body: Buffer): Generator<BatchLine & { readonly bytes: Buffer }> {
  let line = 0;
  for (let from = 0; from < body.length;) {
    const found = body.indexOf(newline, from);
    const to = found === -1 ? body.length : found;
    line++;
    if (!blank(body, from, to)) yield { line, bytes: body.subarray(from, to) };
    from = to + 1;
  }
}

/** How many lines are not empty; stops counting above the limit. */
export function countLines(body: Buffer): number {
  let count = 0;
  for (const { line } of ndjsonLines(body)) if (line > 0 && ++count > batchLinesMax) break;
  return count;
}
