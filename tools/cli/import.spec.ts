import { ReadershipClient } from '@readership/client';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Running } from '../running.js';
import { audit } from './audit.js';
import type { Mapping } from './csv-mapping.js';
import { importCsv, type ImportRequest } from './import.js';

/**
 * England's library visits 2023–24, a few rows of three authorities. Source: Arts Council England, Libraries activity data,
 * as published by Libraries Hacked under the MIT licence.
 */
const sample = join(import.meta.dirname, 'england-visits-2023-24.sample.csv');
const mapping: Mapping = {
  time: 'Period',
  branch: 'Authority',
  kind: { const: 'visit' },
  quantity: 'Count',
};
const rows = readFileSync(sample, 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => line.split(','));
const total = (within: (row: readonly string[]) => boolean) =>
  rows.filter(within).reduce((sum, row) => sum + Number(row[3]), 0);

let running: Running;
let client: ReadershipClient;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'readership-import-'));
  running = await Running.start();
  client = new ReadershipClient(running.url, running.key);
  await client.send('PUT', '/v1/consortium', { name: 'England', timeZone: 'Europe/London' });
  await client.send('POST', '/v1/libraries', { id: 'ENGLAND', name: 'England' });
  for (const id of new Set(rows.map(([authority]) => authority!))) {
    await client.send('POST', '/v1/branches', {
      id,
      name: id,
      library: 'ENGLAND',
      timeZone: 'Europe/London',
    });
  }
}, 60_000);

afterAll(async () => {
  await running.stop();
  running.forget();
  rmSync(folder, { recursive: true });
});

const run = (more: Partial<ImportRequest> = {}) =>
  importCsv(client, { file: sample, mapping, dryRun: false, ...more });

async function visits(scope: string): Promise<number[]> {
  await audit(client, 20_000);
  const { body } = await client.send<{ points: { value: number }[] }>(
    'GET',
    `/v1/metrics/visits?scope=${scope}&from=2023-04&to=2024-03`,
  );
  return body.points.map(({ value }) => value);
}
const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);

describe('a CSV file of visits', () => {
  it('is checked in a dry run, which sends nothing', async () => {
    expect(await run({ dryRun: true })).toMatchObject({
      total: rows.length,
      recorded: rows.length,
      refused: 0,
    });
    expect(sum(await visits('consortium'))).toBe(0);
  });

  it('is recorded, and its totals are those of the metrics', async () => {
    expect(await run()).toEqual({
      ...{ total: rows.length, recorded: rows.length, alreadyRecorded: 0, refused: 0, errors: [] },
    });
    expect(sum(await visits('consortium'))).toBe(total(() => true));
    const barnsley = await visits('branch:E08000016');
    expect(sum(barnsley)).toBe(total(([authority]) => authority === 'E08000016'));
    expect(barnsley[0]).toBe(
      total(([authority, , period]) => authority === 'E08000016' && period!.startsWith('2023-04')),
    );
  }, 60_000);

  it('records nothing when it comes again', async () => {
    const before = await visits('consortium');
    expect(await run()).toMatchObject({ recorded: 0, alreadyRecorded: rows.length, refused: 0 });
    expect(await visits('consortium')).toEqual(before);
  }, 60_000);

  it('with bad lines is recorded without them, and they are listed in a file', async () => {
    const file = join(folder, 'bad.csv');
    const errorFile = join(folder, 'errors.csv');
    writeFileSync(
      file,
      'Authority,Location,Period,Count\nE08000016,Library,2024-02-30,1\nNOWHERE,Library,2024-02-01,1\nE08000016,Library,2024-02-01,none\nE08000016,Library,2024-02-01,7\n',
    );
    expect(await run({ file, errorFile })).toMatchObject({ total: 4, recorded: 1, refused: 3 });
    const lines = readFileSync(errorFile, 'utf8').trim().split('\n');
    expect(lines.map((line) => line.split(',').slice(0, 3).join(','))).toEqual([
      ...['line,column,code', '2,Period,BAD_TIME', '3,Authority,UNKNOWN_BRANCH', '4,Count,BAD_QUANTITY'],
    ]);
  }, 60_000);

  it('is refused when its errors would be written over it', async () => {
    const file = join(folder, 'mine.csv');
    writeFileSync(file, 'Authority,Location,Period,Count\nNOWHERE,Library,2024-02-01,1\n');
    const before = readFileSync(file, 'utf8');
    await expect(run({ file, errorFile: join(folder, '.', 'mine.csv') })).rejects.toThrow('is there already');
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  it('leaves no file of errors when there are none, and touches none of an earlier run', async () => {
    const errorFile = join(folder, 'none.csv');
    await run({ errorFile });
    expect(existsSync(errorFile)).toBe(false);
    writeFileSync(errorFile, 'line,column,code\n9,Count,OLD\n');
    await expect(run({ errorFile })).rejects.toThrow('perhaps from an earlier run');
    expect(readFileSync(errorFile, 'utf8')).toContain('OLD');
  }, 60_000);

  it('records nothing again under another name', async () => {
    const file = join(folder, 'visits (1).csv');
    writeFileSync(file, `\ufeff${readFileSync(sample, 'utf8').replaceAll('\n', '\r\n')}`);
    expect(await run({ file })).toMatchObject({ recorded: 0, alreadyRecorded: rows.length });
  }, 60_000);

  it('is refused as a whole, before anything is recorded, when its bytes do not fit', async () => {
    const file = join(folder, 'latin.csv');
    const good = 'E08000016,Library,2024-02-03,1\n'.repeat(40_000);
    const text = `Authority,Location,Period,Count\n${good}E08000016,Caf\xe9,2024-02-04,1\n`;
    writeFileSync(file, Buffer.from(text, 'latin1'));
    const before = await visits('branch:E08000016');
    await expect(run({ file })).rejects.toThrow('Line 40002 has bytes that are not UTF-8');
    expect(await visits('branch:E08000016')).toEqual(before);
    writeFileSync(file, Buffer.from(text.replaceAll(good, ''), 'latin1'));
    expect(await run({ file, encoding: 'windows-1252' })).toMatchObject({ recorded: 1, refused: 0 });
  }, 60_000);

  it('is refused as a whole when the mapping names a column that it does not have', () =>
    expect(run({ mapping: { ...mapping, quantity: 'Visits' } })).rejects.toThrow('the column Visits'));
});
