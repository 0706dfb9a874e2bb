import fc from 'fast-check';
import { afterAll as beyond, afterSeparator, ordered, plain, separator } from './ordered-text.js';

/** Texts of any code units, often the special ones. */
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(0, 1, 2, 3, 0x20, 0x61, 0x100, 0xd7fe, 0xd7ff, 0xd800, 0xdbff, 0xdc00, 0xe000, 0xffff),
      fc.nat(0xffff),
    ),
    { maxLength: 6 },
  )
  .map((units) => String.fromCharCode(...units));

const sign = (n: number) => Math.sign(n);
const byUnits = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
const byBytes = (a: string, b: string) => sign(Buffer.compare(Buffer.from(a), Buffer.from(b)));

describe('ordered text', () => {
  it('is in code-unit order, whether code units or bytes are compared', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(byUnits(ordered(a), ordered(b))).toBe(byUnits(a, b));
        expect(byBytes(ordered(a), ordered(b))).toBe(byUnits(a, b));
      }),
      { numRuns: 2000 },
    );
  });

  it('gives the text back, also one that is not well-formed', () => {
    fc.assert(
      fc.property(text, (a) => {
        expect(ordered(a)).not.toMatch(/[\ud800-\udfff]/);
        expect(plain(ordered(a))).toBe(a);
      }),
    );
  });

  it('leaves everyday text as it is', () => {
    expect(ordered('people|MAIN|2026-03 Čapek 中')).toBe('people|MAIN|2026-03 Čapek 中');
  });

  it('compares pairs by the first text, then by the second', () => {
    const pair = (a: string, b: string) => `${ordered(a)}${separator}${ordered(b)}`;
    fc.assert(
      fc.property(text, text, text, text, (a, b, c, d) => {
        expect(byBytes(pair(a, b), pair(c, d))).toBe(byUnits(a, c) || byUnits(b, d));
      }),
    );
  });

  it('bounds what begins with a prefix, and pairs of one text', () => {
    fc.assert(
      fc.property(text, text, (prefix, other) => {
        const upper = `${ordered(prefix)}${beyond}`;
        const begins = ordered(other) >= ordered(prefix) && byBytes(ordered(other), upper) < 0;
        expect(begins).toBe(other.startsWith(prefix));
        const pair = `${ordered(other)}${separator}key`;
        const same =
          pair > `${ordered(prefix)}${separator}` && byBytes(pair, `${ordered(prefix)}${afterSeparator}`) < 0;
        expect(same).toBe(other === prefix);
      }),
    );
  });
});
