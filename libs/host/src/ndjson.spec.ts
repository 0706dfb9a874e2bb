import type { Marks } from '@readership/kernel';
import { chunksOf, ndjsonLines, outcomeLine, recordLines, type SentLine } from './ndjson.js';

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

  it('come in chunks of 500', () => {
    const numbers = Array.from({ length: 1_001 }, (_, n) => n);
    const chunks = [...chunksOf(numbers)];
    expect(chunks.map(({ length }) => length)).toEqual([500, 500, 1]);
    expect(chunks.flat()).toEqual(numbers);
    expect([...chunksOf([])]).toEqual([]);
  });
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
