import { ReadershipClient } from '@readership/client';
import { parse } from 'csv-parse/sync';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Running } from '../running.js';
import { audit } from './audit.js';
import { RowReader, type Mapping } from './csv-mapping.js';
import { importCsv } from './import.js';

/**
 * A year of England's public libraries, 2023–24, one branch per authority. Source: Arts Council England, Libraries
 * activity data, as published by Libraries Hacked under the MIT licence. `READERSHIP_REAL_DATA` names the folder with
 * the whole data.
 */
const folder = process.env['READERSHIP_REAL_DATA'];
type Row = Readonly<Record<string, string>>;
const rowsOf = (file: string): Row[] => parse(readFileSync(file), { columns: true, bom: true }) as Row[];
const mappingTo = (kind: string): Mapping => ({
  ...{ time: 'Period', branch: 'Authority', kind: { const: kind }, quantity: 'Count' },
});

describe('a year of England’s libraries', () => {
  if (folder === undefined) {
    it('is read from the rows that lie here', () => {
      const reader = new RowReader(mappingTo('visit'), '/england', 'Europe/London');
      const rows = rowsOf(join(import.meta.dirname, 'england-visits-2023-24.sample.csv'));
      const read = rows.map((row, at) => reader.read(row, at + 2));
      expect(rows.length).toBeGreaterThan(20);
      expect(read.filter((each) => 'code' in each)).toEqual([]);
    });
    return;
  }

  it('is found whole in the volumes', async () => {
    const running = await Running.start();
    try {
      const client = new ReadershipClient(running.url, running.key);
      const files = [
        { file: join(folder, 'visits.csv'), kind: 'visit', metric: 'visits' },
        { file: join(folder, 'loans.csv'), kind: 'loan', metric: 'loans' },
      ];
      await client.send('PUT', '/v1/consortium', { name: 'England', timeZone: 'Europe/London' });
      await client.send('POST', '/v1/libraries', { id: 'ENGLAND', name: 'England' });
      const authorities = new Set(files.flatMap(({ file }) => rowsOf(file).map((row) => row['Authority']!)));
      for (const id of authorities) {
        const branch = { id, name: id, library: 'ENGLAND', timeZone: 'Europe/London' };
        await client.send('POST', '/v1/branches', branch);
      }
      // The list of branches lags behind their recording.
      await audit(client, 60_000);
      for (const { file, kind, metric } of files) {
        const rows = rowsOf(file);
        const result = await importCsv(client, { file, mapping: mappingTo(kind), dryRun: false });
        expect(result).toMatchObject({ total: rows.length, recorded: rows.length, refused: 0 });
        expect((await audit(client, 60_000)).found).toEqual([]);
        const { body } = await client.send<{ points: { value: number }[] }>(
          'GET',
          `/v1/metrics/${metric}?from=2023-04&to=2024-03`,
        );
        const found = body.points.reduce((sum, { value }) => sum + value, 0);
        expect(found).toBe(rows.reduce((sum, row) => sum + Number(row['Count']), 0));
      }
    } finally {
      await running.stop();
      running.forget();
    }
  }, 300_000);
});
