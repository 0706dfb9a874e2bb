import { createReadStream } from 'node:fs';

/** A part of a file as text: whole lines, and the bytes of the file up to their end. */
export interface TextPart {
  readonly text: string;
  readonly bytesRead: number;
}

/** No line of a file of rows is longer. */
const lineBytesMax = 1024 * 1024;

const byteOrderMarks: readonly (readonly [encoding: string, mark: Buffer])[] = [
  ['utf-8', Buffer.from([0xef, 0xbb, 0xbf])],
  ['utf-16le', Buffer.from([0xff, 0xfe])],
  ['utf-16be', Buffer.from([0xfe, 0xff])],
];

/**
 * The text of a file, part by part. The encoding is that of its byte order mark, else the one that `encoding` names,
 * else UTF-8. Nothing is ever replaced: rejects with the first line whose bytes do not fit, for two different letters
 * that became one could not be told apart any more.
 */
export async function* textParts(file: string, encoding = 'utf-8'): AsyncGenerator<TextPart> {
  let decode: ((bytes: Buffer, firstLine: number) => string) | undefined;
  let unit: CodeUnit = units.byte;
  let waiting: Buffer = Buffer.alloc(0);
  let bytesRead = 0;
  let line = 1;
  const decoded = (bytes: Buffer): TextPart => {
    const text = decode!(bytes, line);
    line += breaksOf(text);
    return { text, bytesRead };
  };
  for await (const bytes of createReadStream(file) as AsyncIterable<Buffer>) {
    let part = bytes;
    if (decode === undefined) {
      const [marked, mark] =
        byteOrderMarks.find(([, mark]) => bytes.subarray(0, mark.length).equals(mark)) ?? [];
      const name = marked ?? encoding;
      decode = decoderOf(name);
      unit = unitOf(name);
      part = bytes.subarray(mark?.length ?? 0);
    }
    bytesRead += bytes.length;
    waiting = Buffer.concat([waiting, part]);
    const end = endOfLines(waiting, unit);
    if (end > 0) yield decoded(waiting.subarray(0, end));
    waiting = waiting.subarray(end);
    if (waiting.length > lineBytesMax) {
      throw new Error(`Line ${line} is longer than 1 MiB, so this is no file of rows.`);
    }
  }
  if (waiting.length > 0) yield decoded(waiting);
}

/** How an encoding writes a line break. */
interface CodeUnit {
  readonly bytes: 1 | 2;
  at(bytes: Buffer, at: number): number;
}

const units = {
  byte: { bytes: 1, at: (bytes, at) => bytes[at]! },
  littleEndian: { bytes: 2, at: (bytes, at) => bytes.readUInt16LE(at) },
  bigEndian: { bytes: 2, at: (bytes, at) => bytes.readUInt16BE(at) },
} as const satisfies Record<string, CodeUnit>;

function unitOf(encoding: string): CodeUnit {
  const name = new TextDecoder(encoding).encoding;
  return name === 'utf-16le' ? units.littleEndian : name === 'utf-16be' ? units.bigEndian : units.byte;
}

/** Reads the whole text and drops it. Rejects as `textParts` does. */
export async function expectEncoding(file: string, encoding?: string): Promise<void> {
  const parts = textParts(file, encoding);
  while (!(await parts.next()).done);
}

/** The end of the last whole line in the bytes. A carriage return at the very end may belong to a line feed. */
function endOfLines(bytes: Buffer, unit: CodeUnit): number {
  const size = unit.bytes;
  for (let at = bytes.length - (bytes.length % size) - size; at >= 0; at -= size) {
    const code = unit.at(bytes, at);
    if (code === 0x0a || (code === 0x0d && at + size < bytes.length)) return at + size;
  }
  return 0;
}

function namedDecoder(encoding: string) {
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  } catch {
    throw new Error(
      `There is no encoding ${encoding}: name one such as utf-8, windows-1252, iso-8859-2 or utf-16le.`,
    );
  }
}

function decoderOf(encoding: string): (bytes: Buffer, firstLine: number) => string {
  const decoder = namedDecoder(encoding);
  const isUnicode = decoder.encoding.startsWith('utf-');
  const fitting = (bytes: Buffer): string | null => {
    try {
      const text = unmistaken(decoder.decode(bytes), decoder.encoding);
      // Encodings of one byte give the bytes that they do not have as control characters.
      return !isUnicode && /[\u0080-\u009f]/.test(text) ? null : text;
    } catch {
      return null;
    }
  };
  return (bytes, firstLine) => {
    const text = fitting(bytes);
    if (text !== null) return text;
    const hint = isUnicode
      ? 'name the right one, such as --encoding windows-1252, or save the file as UTF-8'
      : 'name the right one with --encoding';
    const line = firstLine + breaksBeforeFault(bytes, unitOf(encoding), fitting);
    throw new Error(`Line ${line} has bytes that are not ${decoder.encoding.toUpperCase()}: ${hint}.`);
  };
}

const windows1252 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

/** Some releases of Node decode windows-1252 as ISO-8859-1, which has control characters for 32 of its letters. */
function unmistaken(text: string, encoding: string): string {
  if (encoding !== 'windows-1252') return text;
  return text.replace(/[\u0080-\u009f]/g, (letter) => windows1252[letter.charCodeAt(0) - 0x80]!);
}

/** Line breaks before the first line that does not fit; it is looked for line by line, once. */
function breaksBeforeFault(bytes: Buffer, unit: CodeUnit, fitting: (bytes: Buffer) => string | null): number {
  let breaks = 0;
  let from = 0;
  for (let at = 0; at + unit.bytes <= bytes.length; at += unit.bytes) {
    const code = unit.at(bytes, at);
    if (code !== 0x0a && code !== 0x0d) continue;
    const text = fitting(bytes.subarray(from, at + unit.bytes));
    if (text === null) break;
    const isHalf =
      code === 0x0d && at + 2 * unit.bytes <= bytes.length && unit.at(bytes, at + unit.bytes) === 0x0a;
    if (!isHalf) breaks++;
    from = at + unit.bytes;
  }
  return breaks;
}

function breaksOf(text: string): number {
  return text.match(/\r\n|[\n\r]/g)?.length ?? 0;
}
