/**
 * Text as people type and paste it, in the one form in which it is kept and compared. Invisible characters are removed
 * where they mean nothing, and kept where a script or an emoji is written with them.
 */

/** Control characters that stand for white space. A tab or a line break in a name comes from a cell or a web page. */
const breaks = /\r\n|[\n\v\f\r\u0085\u2028\u2029]/g;
/** White space as Unicode has it, and the blank of braille. Without the byte order mark, which JavaScript counts in. */
const white = '[\\t\\n\\v\\f\\r\\u0085\\p{Z}\\u2800]';
const spaces = new RegExp(`${white}+`, 'gu');
const whiteOne = new RegExp(white, 'u');
const blank = new RegExp(`^(?:${white}|\\p{DI})*$`, 'u');

/** Scripts in which a joiner or a non-joiner between two letters changes how they are written. */
const joined = `[${[
  ...['Arabic', 'Syriac', 'Mongolian', 'Nko', 'Devanagari', 'Bengali', 'Gurmukhi', 'Gujarati', 'Oriya'],
  ...['Tamil', 'Telugu', 'Kannada', 'Malayalam', 'Sinhala', 'Khmer', 'Myanmar', 'Tibetan', 'Balinese'],
  ...['Javanese', 'Chakma', 'Meetei_Mayek'],
]
  .map((script) => `\\p{scx=${script}}`)
  .join('')}]`;
/** Scripts whose words are separated by spaces of no width. */
const unspaced = '[\\p{scx=Thai}\\p{scx=Lao}\\p{scx=Khmer}\\p{scx=Myanmar}\\p{scx=Tibetan}\\p{scx=Javanese}]';
/** What a script or an emoji is written with, tried only where such a character stands. All else invisible is removed. */
const written = [
  `[\\u200c\\u200d](?<=${joined}.)(?=${joined})`,
  '\\u200d(?<=\\p{Extended_Pictographic}\\ufe0f?.|\\p{Emoji_Modifier}.)(?=\\p{Extended_Pictographic})',
  '[\\ufe0e\\ufe0f](?<=\\p{Extended_Pictographic}.)',
  '\\ufe0f(?<=[0-9#*].)(?=\\u20e3)',
  '[\\ufe00-\\ufe0f\\u{e0100}-\\u{e01ef}](?<=\\p{Script=Han}.)',
  '[\\u180b-\\u180f](?<=\\p{scx=Mongolian}.)',
  '[\\u{e0020}-\\u{e007f}](?<=\\u{1f3f4}[\\u{e0020}-\\u{e007e}]{0,8}.)',
].join('|');
const inNames = new RegExp(`${written}|(\\p{DI})`, 'gu');
const inProse = new RegExp(
  `${written}|\\u200b(?<=${unspaced}.)(?=${unspaced})|[\\u200e\\u200f\\u061c](?<=\\S.)|(\\p{DI})`,
  'gu',
);
/** Invisible characters that some script or emoji is written with. */
const meaningful = [
  '200b-\\u200f',
  '061c',
  'fe00-\\ufe0f',
  '180b-\\u180f',
  '{e0020}-\\u{e007f}',
  '{e0100}-\\u{e01ef}',
];
/** Invisible characters that no script and no emoji is written with. */
const meaningless = new RegExp(`[\\p{DI}--[${meaningful.map((range) => `\\u${range}`).join('')}]]+`, 'gv');
/** Of joiners, and of marks of direction, that stand together the first one says it all. */
const repeated =
  /(\u200c|\u200d)(?:\u200b|\u200c|\u200d)+|(\u200e|\u200f|\u061c)(?:\u200b|\u200e|\u200f|\u061c)+/gu;

/**
 * A name, a title or a category: one line, composed (NFC), without invisible characters that mean nothing, with single
 * spaces inside and none around. Empty when nothing of it can be seen. Other control characters stay, so that whoever
 * checks the text can refuse them: `isLine`.
 */
export function lineOf(text: string): string {
  return settled(text, (line) => trimmed(invisibleRemoved(line, inNames).replace(spaces, ' ')));
}

/**
 * Free text: composed (NFC), with `\n` for every line break and its inner white space as it is, nothing invisible that
 * means nothing, and no white space around. Characters that turn the direction of what follows are removed, because
 * they reach beyond the text. Empty when nothing of it can be seen.
 */
export function proseOf(text: string): string {
  return settled(text, (prose) => trimmed(invisibleRemoved(prose, inProse).replace(breaks, '\n')));
}

/** True when nothing of a text can be seen: `lineOf` and `proseOf` would leave nothing of it. */
export function isBlank(text: string): boolean {
  return blank.test(text);
}

/** True when a line, as `lineOf` gives it, has no control character, no half of a character and at most `charsMax`. */
export function isLine(line: string, charsMax: number): boolean {
  return line.length <= charsMax && !/[\p{Cc}\p{Cs}]/u.test(line);
}

/** True when free text, as `proseOf` gives it, has no control character but tabs and line breaks. */
export function isProse(prose: string): boolean {
  return !/[^\P{Cc}\t\n]|\p{Cs}/u.test(prose);
}

/** Text without any invisible character: for addresses and numbers, in which none has a meaning. */
export function visibleOf(text: string): string {
  return text.replace(/\p{DI}/gu, '');
}

function invisibleRemoved(text: string, pattern: RegExp): string {
  return text
    .replace(meaningless, '')
    .replace(repeated, '$1$2')
    .replace(pattern, (character, removed: string | undefined) => (removed === undefined ? character : ''));
}

/** Character by character from both ends: a pattern would try every run of white space inside again and again. */
function trimmed(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && whiteOne.test(text[from]!)) from++;
  while (to > from && whiteOne.test(text[to - 1]!)) to--;
  return text.slice(from, to);
}

/** Removing a character can bring two together that compose, or of which one has no meaning beside the other. */
function settled(text: string, step: (text: string) => string): string {
  if (/^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/.test(text)) return text;
  let before = text.normalize('NFC');
  for (let times = 0; times < 4; times++) {
    const after = step(before).normalize('NFC');
    if (after === before) break;
    before = after;
  }
  return before;
}
