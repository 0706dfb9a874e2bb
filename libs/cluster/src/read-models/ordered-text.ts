/**
 * Text in a form whose order is that of JavaScript's code units on every server. Servers compare strings by UTF-8 bytes
 * or by UTF-16 code units, which differ from U+D800 on: here those code units become two characters below U+D800 each, on
 * which both agree. Lone surrogates, which no server stores, survive too, and what begins with a prefix begins with its
 * ordered form. U+0000 and U+0001 never occur in it: `separator` is below all of it.
 */
export function ordered(text: string): string {
  return text.replace(unordered, (unit) =>
    unit < '\u0003'
      ? `${low}${String.fromCharCode(lowBase + unit.charCodeAt(0))}`
      : `${high}${String.fromCharCode(highBase + unit.charCodeAt(0) - highFirst)}`,
  );
}

/** What `ordered` was given. */
export function plain(text: string): string {
  return text.replace(escaped, (pair) =>
    pair[0] === low
      ? String.fromCharCode(pair.charCodeAt(1) - lowBase)
      : String.fromCharCode(pair.charCodeAt(1) - highBase + highFirst),
  );
}

/** Stands between ordered texts, so that they are compared one after the other. */
export const separator = '\u0001';

/** Comes after `separator` and before all that goes on differently. */
export const afterSeparator = '\u0002';

/** Put behind an ordered text: comes after everything that begins with it. */
export const afterAll = '\ue000';

const low = '\u0002';
const lowBase = 0x30;
const high = '\ud7ff';
const highFirst = 0xd7ff;
const highBase = 0x100;
const unordered = /[\u0000-\u0002\ud7ff-\uffff]/g;
const escaped = /[\u0002\ud7ff][^]/g;
