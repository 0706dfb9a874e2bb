import { HttpProblem, Unreadable } from './http-problem.js';

const [quote, backslash, comma, openBracket, closeBracket, openBrace, closeBrace] = Buffer.from('"\\,[]{}');

/**
 * Finds the elements of a JSON array in its bytes, which may come in pieces, without building anything. What it finds
 * in text that is no JSON is refused when the elements are parsed.
 */
export class JsonArrayScan {
  private depth = 0;
  private inString = false;
  private escaped = false;
  private seen = 0;
  private start = -1;
  private end = -1;
  /** Where the commas between elements are. */
  private readonly commas: number[] = [];

  constructor(private readonly elementsMax: number) {}

  /** Throws `TOO_MANY_LINES` as soon as there are more elements than allowed, and `NOT_AN_ARRAY`. */
  feed(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (this.inString) {
        if (this.escaped) this.escaped = false;
        else if (byte === backslash) this.escaped = true;
        else if (byte === quote) this.inString = false;
      } else if (this.depth > 0) {
        if (byte === quote) this.inString = true;
        else if (byte === openBracket || byte === openBrace) this.depth++;
        else if (byte === closeBracket || byte === closeBrace) {
          if (--this.depth === 0) this.end = byte === closeBracket ? this.seen + at : -2;
        } else if (byte === comma && this.depth === 1) {
          this.commas.push(this.seen + at);
          if (this.commas.length >= this.elementsMax) throw tooManyLines();
        }
      } else if (!isBlank(byte)) {
        if (this.start >= 0 || byte !== openBracket) throw notAnArray();
        this.start = this.seen + at;
        this.depth = 1;
      }
    }
    this.seen += bytes.length;
  }

  /** The elements of the array that was fed, as its bytes, without the white space around them. Throws `NOT_AN_ARRAY`. */
  elementsOf(body: Buffer): readonly Buffer[] {
    if (this.start < 0 || this.end < 0) throw notAnArray();
    const bounds = [this.start, ...this.commas, this.end];
    const elements = bounds.slice(1).map((to, index) => trimmed(body, bounds[index]! + 1, to));
    return elements.length === 1 && elements[0]!.length === 0 ? [] : elements;
  }
}

export function tooManyLines(): HttpProblem {
  return new HttpProblem(413, 'TOO_MANY_LINES', 'Send at most 10,000 lines at once.');
}

function notAnArray(): Unreadable {
  return new Unreadable('NOT_AN_ARRAY', 'Send one well-formed JSON array.');
}

function trimmed(body: Buffer, from: number, to: number): Buffer {
  while (from < to && isBlank(body[from]!)) from++;
  while (to > from && isBlank(body[to - 1]!)) to--;
  return body.subarray(from, to);
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;
}
