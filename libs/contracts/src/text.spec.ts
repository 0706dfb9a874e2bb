import fc from 'fast-check';
import { isBlank, isLine, isProse, lineOf, proseOf, visibleOf } from './text.js';

const spelled = fc
  .array(
    fc.constantFrom(
      ...[
        'a',
        'A',
        'e\u0301',
        'é',
        '\u0301',
        'ß',
        ' ',
        '\u00a0',
        '\u3000',
        '\t',
        '\n',
        '\r\n',
        '\v',
        '\u2028',
      ],
      ...['\u200b', '\u200c', '\u200d', '\u200e', '\u200f', '\u202e', '\u2066', '\u2060', '\ufeff', '\u00ad'],
      ...['می', 'خ', 'क्', 'ष', 'ไทย', '葛', '\u{e0100}', '❤', '\ufe0f', '👩', '🔬', '1', '\u20e3', '\u115f'],
      ...['\u{1f3f4}', '\u{e0067}', '\u{e007f}', '\u034f', '\u0007', '\u0090'],
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

describe('a line', () => {
  it.each([
    ['composed', 'Zoe\u0308', 'Zoë'],
    ['composed when something invisible stood between', 'Zoe\u200b\u0308', 'Zoë'],
    ['trimmed', ' \u00a0Ada\u3000 ', 'Ada'],
    ['single-spaced', 'Ada  \t Mary\r\nLovelace', 'Ada Mary Lovelace'],
    ['without a byte order mark', '\ufeffAda', 'Ada'],
    ['without soft hyphens', 'Love\u00adlace', 'Lovelace'],
    ['without characters of no width', 'Ada\u200b Love\u2060lace', 'Ada Lovelace'],
    ['without joiners where nothing is joined', 'A\u200dd\u200ca', 'Ada'],
    ['without turns of direction', '\u202eecalevoL\u202c \u2067x\u2069', 'ecalevoL x'],
    ['with the joiners of Persian', 'علی\u200cرضا', 'علی\u200cرضا'],
    ['with the joiners of Hindi', 'श्री\u200dमान क्\u200dष', 'श्री\u200dमान क्\u200dष'],
    ['without joiners at its ends', '\u200cعلی\u200c', 'علی'],
    ['with one joiner where there were several', 'علی\u200c\u200c\u200bرضا', 'علی\u200cرضا'],
    ['with the variant of a character', '葛\u{e0100}城', '葛\u{e0100}城'],
    ['with an emoji as a whole', 'The 👩‍🔬 club ❤️', 'The 👩‍🔬 club ❤️'],
    ['with a flag as a whole', '🏴󠁧󠁢󠁳󠁣󠁴󠁿', '🏴󠁧󠁢󠁳󠁣󠁴󠁿'],
    ['empty when it is made of nothing that can be seen', '\u200b\u202e\u200f \u2800\ufeff\u200d\u3164', ''],
  ])('is %s', (_how, text, line) => expect(lineOf(text)).toBe(line));

  it('keeps a control character, by which it is refused', () => {
    expect(isLine(lineOf('Caf\u0082'), 200)).toBe(false);
    expect(isLine(lineOf('Ada\u0007'), 200)).toBe(false);
    expect(isLine(lineOf('Ada\tLovelace'), 200)).toBe(true);
    expect(isLine('x'.repeat(201), 200)).toBe(false);
  });
});

describe('free text', () => {
  it.each([
    ['its line breaks, all of one kind', 'a\r\nb\rc\u2028d\ve', 'a\nb\nc\nd\ne'],
    ['its inner white space', 'a  b\tc', 'a  b\tc'],
    ['no white space around it', '\n \u00a0a\n', 'a'],
    ['its emoji and the joiners of its script', 'می\u200cخواهم 👨‍👩‍👧 1️⃣', 'می\u200cخواهم 👨‍👩‍👧 1️⃣'],
    ['the breaks between words of Thai', 'ไทย\u200bไทย', 'ไทย\u200bไทย'],
    ['marks of direction, but no turns of it', 'שלום!\u200f \u202eabc\u202c', 'שלום!\u200f abc'],
    ['nothing when nothing can be seen', '\u200f\u200f\u200b\n\u202e', ''],
  ])('keeps %s', (_what, text, prose) => expect(proseOf(text)).toBe(prose));

  it('is refused with control characters other than tabs and line breaks', () => {
    expect(isProse('a\tb\nc')).toBe(true);
    expect(isProse('a\u0007')).toBe(false);
    expect(isProse('a\u0085')).toBe(false);
    expect(isProse('\ud800')).toBe(false);
  });
});

it('text that was put into its form once stays as it is', () =>
  fc.assert(
    fc.property(spelled, (text) => {
      expect(lineOf(lineOf(text))).toBe(lineOf(text));
      expect(proseOf(proseOf(text))).toBe(proseOf(text));
      expect(lineOf(text)).toBe(lineOf(text).normalize('NFC'));
      expect(lineOf(` ${text}\ufeff`)).toBe(lineOf(text));
      expect([isBlank(text), isBlank(text)]).toEqual([lineOf(text) === '', proseOf(text) === '']);
    }),
    { numRuns: 500 },
  ));

it.each<[string, string]>([
  ['white space', `a${'\u00a0'.repeat(200_000)}b`],
  ['marks of direction', '\u200e'.repeat(200_000)],
  ['joiners', 'a\u200d'.repeat(100_000)],
])('a long text of %s is put into its form in one pass over it', (_what, text) => {
  expect(lineOf(text).length).toBeLessThanOrEqual(text.length);
  expect(proseOf(text).length).toBeLessThanOrEqual(text.length);
});

it('an address has no invisible characters at all', () =>
  expect(visibleOf('\u202aada\u200b@example.org\u202c\ufeff')).toBe('ada@example.org'));
