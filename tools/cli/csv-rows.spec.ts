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
  for await (const chunk of csvChunks(file, checkHeader)) chunks.push(chunk);
  return chunks;
}
const rowsOf = async (text: string) => (await chunksOf(text)).flatMap(({ rows }) => rows);

describe('the rows of a CSV file', () => {
  it('come with their lines, whatever lies between them', async () => {
    expect(await rowsOf('\ufeffA,B\n1,x\n\n2,"y\nz"\n3,"""w"""')).toEqual([
      { line: 2, values: { A: '1', B: 'x' } },
      { line: 5, values: { A: '2', B: 'y\nz' } },
      { line: 6, values: { A: '3', B: '"w"' } },
    ]);
  });

  it('are none in a file that is empty or has a header alone', async () => {
    expect(await rowsOf('')).toEqual([]);
    expect(await rowsOf('A,B\n')).toEqual([]);
  });

  it('come many at a time, never all of a large file, also when one lies across two chunks', async () => {
    const written = Array.from({ length: 40_000 }, (_, n) => `${n},é${'x'.repeat(n % 40)}`);
    const chunks = await chunksOf(['A,B', ...written].join('\n'));
    const rows = chunks.flatMap((chunk) => chunk.rows);
    expect(rows.map(({ values }) => `${values['A']},${values['B']}`)).toEqual(written);
    expect(rows.map(({ line }) => line)).toEqual(written.map((_, n) => n + 2));
    expect(chunks.length).toBeGreaterThan(10);
    expect(Math.max(...chunks.map((chunk) => chunk.rows.length))).toBeLessThan(written.length / 2);
    const read = chunks.map(({ bytesRead }) => bytesRead);
    expect(read).toEqual([...read].sort((a, b) => a - b));
  });

  it('are not read when the header will not do', async () => {
    await expect(
      chunksOf('A,B\n1,2\n', (columns) => {
        throw new Error(`not ${columns.join(' and ')}`);
      }),
    ).rejects.toThrow('not A and B');
  });

  it.each([
    ['A,B\n1,2\n3\n', 'got 1 on line 3'],
    ['A,B\n1,"2\n', 'Quote Not Closed'],
    [`A,B\n1,"${'2\n'.repeat(1024 * 1024)}`, 'Max Record Size'],
  ])('end with an error where it is no CSV', (text, words) => expect(chunksOf(text)).rejects.toThrow(words));
});
