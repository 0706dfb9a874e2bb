import type { Marks } from '@readership/kernel';
import {
  arrayLines,
  chunksOf,
  NdjsonCount,
  ndjsonLines,
  outcomeLine,
  readLines,
  recordLines,
  type SentLine,
} from './ndjson.js';

const linesOf = (text: string | Buffer): SentLine[] => [...ndjsonLines(Buffer.from(text as string))];
const codeOf = (run: () => unknown): string => {
  try {
    run();
    return 'taken';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('the lines of NDJSON', () => {
  it('are numbered from 1, and empty ones are counted but not given', () => {
    expect(linesOf('{"a":1}\r\n\n \t\r\n5\n"é\\n"')).toEqual([
      { line: 1, value: { a: 1 } },
      { line: 4, value: 5 },
      { line: 5, value: 'é\n' },
    ]);
  });

  it.each(['', '\n', ' \r\n\t\n', '\ufeff'])('are none in %j', (text) => expect(linesOf(text)).toEqual([]));

  it('may begin with a byte order mark', () =>
    expect(linesOf('\ufeff{}\n1')).toEqual([
      { line: 1, value: {} },
      { line: 2, value: 1 },
    ]));

  it('that cannot be read are told alone', () => {
    const [first, bad, forbidden, deep, last] = linesOf(`1\n{"a":\n{"__proto__":1}\n${'['.repeat(65)}\n2`);
    expect([first, last]).toEqual([
      { line: 1, value: 1 },
      { line: 5, value: 2 },
    ]);
    expect([bad, forbidden, deep]).toMatchObject([
      { line: 2, value: undefined, unreadable: { code: 'MALFORMED_JSON' } },
      { line: 3, unreadable: { code: 'FORBIDDEN_KEY' } },
      { line: 4, unreadable: { code: 'TOO_DEEP' } },
    ]);
  });

  it('are 10,000 at most, and UTF-8, before the first is read', () => {
    const most = '1\n\n'.repeat(10_000);
    expect(linesOf(most)).toHaveLength(10_000);
    expect(codeOf(() => ndjsonLines(Buffer.from(`${most}1`)))).toBe('TOO_MANY_LINES');
    expect(codeOf(() => ndjsonLines(Buffer.from([0x31, 0x0a, 0xff])))).toBe('NOT_UTF8');
  });

  it('may have as many empty ones between them, and not more', () => {
    expect(codeOf(() => ndjsonLines(Buffer.from('\n'.repeat(10_000))))).toBe('taken');
    expect(codeOf(() => ndjsonLines(Buffer.from(' \n'.repeat(10_001))))).toBe('TOO_MANY_LINES');
  });

  it('are counted alike in pieces of any size', () => {
    const text = Buffer.from('1\n\n 2 \r\n\t\n'.repeat(5_000));
    for (const size of [1, 7, text.length]) {
      const count = new NdjsonCount();
      for (let at = 0; at < text.length; at += size) count.feed(text.subarray(at, at + size));
      expect(codeOf(() => count.feed(Buffer.from('3')))).toBe('TOO_MANY_LINES');
    }
  });

  it('over 128 KiB or 1,000 values are refused alone, and not parsed', () => {
    const long = `"${'x'.repeat(128 * 1024)}"`;
    expect(linesOf(`1\n${long}\n[${'{},'.repeat(1_001)}{}]\n2`)).toMatchObject([
      { line: 1, value: 1 },
      { line: 2, unreadable: { code: 'LINE_TOO_LARGE' } },
      { line: 3, unreadable: { code: 'TOO_MANY_VALUES' } },
      { line: 4, value: 2 },
    ]);
  });

  it('are read in order, and other requests are answered in between', async () => {
    let others = 0;
    const other = (): void => void (others++ < 3 && setImmediate(other));
    setImmediate(other);
    const seen = await readLines(ndjsonLines(Buffer.from('1\n'.repeat(101))), ({ line }) => [line, others]);
    expect(seen.map(([line]) => line)).toEqual(Array.from({ length: 101 }, (_, n) => n + 1));
    expect([seen[49]![1], seen[50]![1], seen[100]![1]]).toEqual([0, 1, 2]);
  });

  it('come in chunks of 500', () => {
    const numbers = Array.from({ length: 1_001 }, (_, n) => n);
    const chunks = [...chunksOf(numbers)];
    expect(chunks.map(({ length }) => length)).toEqual([500, 500, 1]);
    expect(chunks.flat()).toEqual(numbers);
    expect([...chunksOf([])]).toEqual([]);
  });
});

describe('the elements of an array', () => {
  const elementsOf = async (text: string | Buffer) => [...(await arrayLines(Buffer.from(text as string)))];
  const refusalOf = (text: string | Buffer) =>
    elementsOf(text).then(
      () => 'taken',
      (error: { code: string }) => error.code,
    );

  it('are numbered from 1', async () =>
    expect(await elementsOf(' [ {"a":[1,"],"]} ,\n5, "\\"," ]\n')).toEqual([
      { line: 1, value: { a: [1, '],'] } },
      { line: 2, value: 5 },
      { line: 3, value: '",' },
    ]));

  it('are none in an empty array', async () => expect(await elementsOf('[ ]')).toEqual([]));

  it('that are well-formed and cannot be taken are refused alone', async () =>
    expect(
      await elementsOf(
        `[1,{"__proto__":1},"${'x'.repeat(128 * 1024)}",${'['.repeat(65)}${']'.repeat(65)},2]`,
      ),
    ).toMatchObject([
      { line: 1, value: 1 },
      { line: 2, unreadable: { code: 'FORBIDDEN_KEY' } },
      { line: 3, unreadable: { code: 'LINE_TOO_LARGE' } },
      { line: 4, unreadable: { code: 'TOO_DEEP' } },
      { line: 5, value: 2 },
    ]));

  it.each([
    ['{}', 'NOT_AN_ARRAY'],
    ['', 'NOT_AN_ARRAY'],
    ['[1', 'NOT_AN_ARRAY'],
    ['[1}', 'NOT_AN_ARRAY'],
    ['[1] [2]', 'NOT_AN_ARRAY'],
    ['[1,]', 'MALFORMED_JSON'],
    ['[,1]', 'MALFORMED_JSON'],
    ['[{]]', 'MALFORMED_JSON'],
    ['[1 2]', 'MALFORMED_JSON'],
    [Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d]), 'NOT_UTF8'],
    [`[${'1,'.repeat(10_000)}1]`, 'TOO_MANY_LINES'],
    [`[${','.repeat(20_000)}`, 'TOO_MANY_LINES'],
  ])('of %s are refused as a whole', async (text, code) => expect(await refusalOf(text)).toBe(code));

  it('may be 10,000', async () => expect(await elementsOf(`[${'1,'.repeat(9_999)}1]`)).toHaveLength(10_000));
});

describe('the answer to a batch', () => {
  it('is a line for each, in order, and the furthest place of all', async () => {
    let position = 0;
    const lines = ndjsonLines(Buffer.from('1\n\n2\n'.repeat(600)));
    const { ndjson, marks } = await recordLines(lines, async (chunk) => ({
      outcomes: chunk.map(({ value }) =>
        value === 1
          ? { outcome: 'recorded', id: 'a' }
          : { outcome: 'refused', code: 'BAD', detail: 'It is bad.' },
      ),
      marks: [{ 0: { taken: (position += chunk.length), published: 1 } }, { 1: { taken: 1, published: 0 } }],
    }));
    const answers = ndjson
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { line: number });
    expect(answers).toHaveLength(1_200);
    expect(answers.slice(-2)).toEqual([
      { line: 1_798, outcome: 'recorded', id: 'a' },
      { line: 1_800, outcome: 'refused', code: 'BAD', detail: 'It is bad.' },
    ]);
    expect(marks).toEqual({ 0: { taken: 1_200, published: 1 }, 1: { taken: 1, published: 0 } });
  });

  it.each<[string, readonly Marks[], Marks]>([
    ['no place when that of one chunk is not known', [{ 0: { taken: 9, published: 9 } }, null], null],
    ['no place when only the last is known', [null, { 0: { taken: 9, published: 9 } }], null],
    [
      'the place of the others when one chunk wrote nothing',
      [{ 0: { taken: 9, published: 9 } }, {}],
      { 0: { taken: 9, published: 9 } },
    ],
  ])('tells %s', async (_, ofChunks, told) => {
    let chunk = 0;
    const { marks } = await recordLines(ndjsonLines(Buffer.from('1\n'.repeat(1_000))), async (lines) => ({
      outcomes: lines.map(() => ({ outcome: 'recorded', id: 'a' })),
      marks: [ofChunks[chunk++]!],
    }));
    expect(marks).toEqual(told);
  });

  it('is JSON whatever the id holds, and says what is known of a refusal', () => {
    const id = '"a\\\n\u2028';
    expect(JSON.parse(outcomeLine(7, { outcome: 'already-recorded', id }))).toEqual({
      ...{ line: 7, outcome: 'already-recorded', id },
    });
    const refused = { outcome: 'refused', id, code: 'BAD', detail: 'It is bad.', pointer: '/a' } as const;
    expect(outcomeLine(8, refused)).toBe(`${JSON.stringify({ line: 8, ...refused })}\n`);
  });
});
