import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { textParts } from './csv-text.js';

let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'readership-text-'));
  file = join(folder, 'rows.csv');
});
afterAll(() => rmSync(folder, { recursive: true }));

async function textOf(bytes: Buffer, encoding?: string): Promise<string> {
  writeFileSync(file, bytes);
  let text = '';
  for await (const part of textParts(file, encoding)) text += part.text;
  return text;
}
const latin = (text: string) => Buffer.from(text, 'latin1');
const utf16 = (text: string, isBig = false) => {
  const bytes = Buffer.from(`\ufeff${text}`, 'utf16le');
  return isBig ? bytes.swap16() : bytes;
};

describe('the text of a file', () => {
  const text = 'Name,Ort\r\nZoë,Köln\nഀ,Ꙁ\r\n';
  it.each([
    ['UTF-8', Buffer.from(text), undefined],
    ['UTF-8 with its mark, whatever is named', Buffer.from(`\ufeff${text}`), 'windows-1252'],
    ['UTF-16 by its mark', utf16(text), undefined],
    ['UTF-16 the other way round', utf16(text, true), undefined],
    ['UTF-16 by name', Buffer.from(text, 'utf16le'), 'utf-16le'],
  ])('is read in %s', async (_encoding, bytes, named) => expect(await textOf(bytes, named)).toBe(text));

  it('is read in an encoding that is named', async () =>
    expect(await textOf(latin('Zo\xeb \x80 \x9a\x9f\n'), 'windows-1252')).toBe('Zoë € šŸ\n'));

  it('is whole where a letter lies across two reads of the disk', async () => {
    const long = `${'x'.repeat(100)},é\n`.repeat(5_000);
    expect(await textOf(Buffer.from(long))).toBe(long);
    expect(await textOf(utf16(long))).toBe(long);
  });

  it.each([
    ['bytes of Windows', latin('A\n1\r\nCaf\xe9\n'), undefined, 'Line 3 has bytes that are not UTF-8'],
    ['bytes of Windows far down', latin(`${'1\n'.repeat(200_000)}\xe9`), undefined, 'Line 200001 has'],
    [
      'a byte that Windows does not have',
      latin('A\n\x81\n'),
      'windows-1252',
      'Line 2 has bytes that are not',
    ],
    ['half a letter at its end', Buffer.concat([utf16('A\n'), Buffer.from([0x41])]), undefined, 'Line 2 has'],
    ['half a pair', Buffer.concat([utf16('A\n'), Buffer.from([0x00, 0xd8])]), undefined, 'Line 2 has'],
    ['an encoding that there is not', latin('A\n'), 'windows-9999', 'no encoding windows-9999'],
    ['a line without end', latin('x'.repeat(2 * 1024 * 1024)), undefined, 'Line 1 is longer than 1 MiB'],
  ])('is refused for %s, with the line', (_what, bytes, encoding, words) =>
    expect(textOf(bytes, encoding)).rejects.toThrow(words),
  );
});
