import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { csvChunks, type CsvChunk } from './csv-rows.js';

let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'readership-rows-'));
  file = join(folder, 'rows.csv');
});
afterAll(() => rmSync(folder, { recursive: true }));

async function chunksOf(text: string, checkHeader: (columns: readonly string[]) => void = () => {}) {
  writeFileSync(file, text);
  const chunks: CsvChunk[] = [];
  for await (const chunk of csvChunks({ file, wanted: ['A', 'B'] }, checkHeader)) chunks.push(chunk);
  return chunks;
}
const rowsOf = async (text: string) => (await chunksOf(text)).flatMap(({ rows }) => rows);

describe('the rows of a CSV file', () => {
  it('come with their lines, whatever lies between them', async () => {
    expect(await rowsOf('\ufeffA,B\n1,x\n\n2,"y\nz"\n3,"""w"""')).toEqual([
      { line: 2, values: { A: '1', B: 'x' } },
      { line: 4, values: { A: '2', B: 'y\nz' } },
      { line: 6, values: { A: '3', B: '"w"' } },
    ]);
  });

  it('are none in a file that has a header alone, and a file without one is refused', async () => {
    expect(await rowsOf('A,B\n')).toEqual([]);
    expect(await rowsOf('A,B')).toEqual([]);
    await expect(rowsOf('')).rejects.toThrow('has to name the columns');
  });

  it.each([',', ';', '\t', '|'])(
    'are found with the delimiter %j, whatever others stand in them',
    async (by) => {
      const text = `A${by}B${by}"C, or; D|"\n1${by}"x, y; z|"${by}3\n`;
      expect(await rowsOf(text)).toEqual([{ line: 2, values: { A: '1', B: 'x, y; z|', 'C, or; D|': '3' } }]);
    },
  );

  it.each(['\n', '\r\n', '\r'])('end with %j', async (end) =>
    expect(await rowsOf(['A,B', '1,x', '"2","y"', ''].join(end))).toEqual([
      { line: 2, values: { A: '1', B: 'x' } },
      { line: 3, values: { A: '2', B: 'y' } },
    ]),
  );

  it('are left out when they are made of separators alone', async () =>
    expect(await rowsOf('A,B\n,\n , \n\n1,2\n,,,\n"",\n')).toEqual([
      { line: 5, values: { A: '1', B: '2' } },
    ]));

  it('keep the zeros that a spreadsheet has wrapped', async () =>
    expect(await rowsOf('A,B\n="0012",\'0012\n"=""0013""",x\n')).toEqual([
      { line: 2, values: { A: '="0012"', B: "'0012" } },
      { line: 3, values: { A: '="0013"', B: 'x' } },
    ]));

  it('may have empty cells beyond the header', async () =>
    expect(await rowsOf('A,B\n1,2,, \n')).toEqual([{ line: 2, values: { A: '1', B: '2' } }]));

  it.each<[string, string, string, string]>([
    ['a cell too many', '1,2,3', '', 'TOO_MANY_CELLS'],
    ['a cell too few', '1', '', 'TOO_FEW_CELLS'],
    ['an inch sign', '1,5" disc', 'B', 'STRAY_QUOTE'],
    ['something after a quoted cell', '"1"x,2', 'A', 'STRAY_QUOTE'],
    ['a quote that is never closed', '1,"x', 'B', 'UNCLOSED_QUOTE'],
  ])('are refused alone for %s, and those after it are read', async (_what, row, column, code) =>
    expect(await rowsOf(`A,B\n0,0\n${row}\n9,9\n8,8\n`)).toMatchObject([
      { line: 2, values: { A: '0' } },
      { line: 3, fault: { column, code } },
      { line: 4, values: { A: '9' } },
      { line: 5, values: { A: '8' } },
    ]),
  );

  it('are refused alone for a quote that swallows the quotes of the next rows', async () =>
    expect(await rowsOf('A,B\n1,"x\n2,"y"\n3,"z"\n')).toMatchObject([
      { line: 2, fault: { code: 'STRAY_QUOTE' } },
      { line: 3, values: { A: '2', B: 'y' } },
      { line: 4, values: { A: '3', B: 'z' } },
    ]));

  it('come many at a time, never all of a large file, also when one lies across two chunks', async () => {
    const written = Array.from({ length: 40_000 }, (_, n) => `${n},é${'x'.repeat(n % 40)}`);
    const chunks = await chunksOf(['A,B', ...written].join('\n'));
    const rows = chunks.flatMap((chunk) => chunk.rows).flatMap((row) => ('values' in row ? [row] : []));
    expect(rows.map(({ values }) => `${values['A']},${values['B']}`)).toEqual(written);
    expect(rows.map(({ line }) => line)).toEqual(written.map((_, n) => n + 2));
    expect(chunks.length).toBeGreaterThan(10);
    expect(Math.max(...chunks.map((chunk) => chunk.rows.length))).toBeLessThan(written.length / 2);
    const read = chunks.map(({ bytesRead }) => bytesRead);
    expect(read).toEqual([...read].sort((a, b) => a - b));
  });

  it('do not wait for the end of the file when a quote is never closed', async () => {
    const chunks = await chunksOf(`A,B\n1,"x\n${'2,y\n'.repeat(600_000)}`);
    const rows = chunks.flatMap((chunk) => chunk.rows);
    expect(rows).toHaveLength(600_001);
    expect(rows[0]).toMatchObject({ line: 2, fault: { code: 'UNCLOSED_QUOTE' } });
    expect(chunks.at(-1)!.rows.length).toBeLessThan(300_000);
  });

  it('are not read when the header will not do', async () => {
    await expect(
      chunksOf('A,B\n1,2\n', (columns) => {
        throw new Error(`not ${columns.join(' and ')}`);
      }),
    ).rejects.toThrow('not A and B');
  });
});
