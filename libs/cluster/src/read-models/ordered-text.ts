/**
 * Text in a form that every server orders like JavaScript's code units. Servers compare strings by UTF-8 bytes or by
 * UTF-16 code units, which differ from U+D800 on. Here each of those code units becomes two characters below U+D800, on
 * which both agree. Lone surrogates, which no server stores, survive too, and a text with a prefix has an ordered form
 * with that prefix's ordered form. U+0000 and U+0001 never occur in it, so `separator` sorts before all of it.
 */
export function ordered(text: string): string {
  return text.replace(unordered, (unit) =>
    unit < '\u0003'
      ? `${low}${String.fromCharCode(lowBase + unit.charCodeAt(0))}`
      : `${high}${String.fromCharCode(highBase + unit.charCodeAt(0) - highFirst)}`,
  );
}

/** The text that `ordered` was given. */
export function plain(text: string): string {
  return text.replace(escaped, (pair) =>
    pair[0] === low
      ? String.fromCharCode(pair.charCodeAt(1) - lowBase)
      : String.fromCharCode(pair.charCodeAt(1) - highBase + highFirst),
  );
}

/** Separates ordered texts, so that they are compared one after the other. */
export const separator = '\u0001';

/** Sorts after `separator` and before every other continuation. */
export const afterSeparator = '\u0002';

/** After an ordered text, it sorts after everything that begins with that text. */
export const afterAll = '\ue000';

const low = '\u0002';
const lowBase = 0x30;
const high = '\ud7ff';
const highFirst = 0xd7ff;
const highBase = 0x100;
const unordered = /[\u0000-\u0002\ud7ff-\uffff]/g;
const escaped = /[\u0002\ud7ff][^]/g;
