import { ReadershipClient, type InteractionEvent, type LineOutcome } from '@readership/client';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Mapping } from './csv-mapping.js';
import { importCsv, ImportStopped, type ImportRequest } from './import.js';

const mapping: Mapping = { time: 'Day', branch: 'Where', kind: { const: 'visit' }, quantity: 'Count' };

let server: Server;
let folder: string;
/** Branches that are recorded. */
let recorded: Set<string>;
let asked: string[];
let batches: InteractionEvent[][];
/** Batches of dry runs. */
let rehearsed: InteractionEvent[][];
/** The number of further answers that say that the database is unavailable. */
let away = 0;

function outcomeOf({ data }: InteractionEvent, at: number): LineOutcome {
  const line = at + 1;
  if (!recorded.has(data.branch))
    return { line, outcome: 'refused', code: 'UNKNOWN_BRANCH', detail: 'None.', pointer: '/data/branch' };
  if (data.quantity! > 10_000_000)
    return {
      line,
      outcome: 'refused',
      code: 'QUANTITY_TOO_LARGE',
      detail: 'Much.',
      pointer: '/data/quantity',
    };
  return { line, outcome: 'recorded', id: 'x' };
}

function answerOf(url: string, body: string): { status: number; text: string } {
  if (url.startsWith('/v1/interactions/batch')) {
    if (away-- > 0) return { status: 503, text: '{"code":"STORE_UNAVAILABLE"}' };
    const events = body.split('\n').map((line) => JSON.parse(line) as InteractionEvent);
    (url.endsWith('?dryRun=true') ? rehearsed : batches).push(events);
    return { status: 200, text: events.map((event, at) => JSON.stringify(outcomeOf(event, at))).join('\n') };
  }
  asked.push(url);
  return { status: 404, text: '{"code":"CONSORTIUM_UNKNOWN"}' };
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'readership-behind-'));
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { status, text } = answerOf(request.url!, Buffer.concat(parts).toString());
      response.writeHead(status).end(text);
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  recorded = new Set(['NEW']);
  asked = [];
  batches = [];
  rehearsed = [];
  away = 0;
});

const client = (patienceMs = 120_000) =>
  new ReadershipClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'key', { patienceMs });

function run(
  rows: readonly string[],
  more: Partial<ImportRequest> = {},
  report?: (read: number) => void,
  patienceMs?: number,
) {
  const file = join(folder, 'rows.csv');
  writeFileSync(file, ['Day,Where,Count', ...rows].join('\n'));
  return importCsv(client(patienceMs), { file, mapping, dryRun: false, ...more }, report);
}
const visit = (branch: string, count: number | string = 1) => `2024-03-01,${branch},${count}`;

describe('an import', () => {
  it('leaves it to the service which branches are known', async () => {
    expect(await run([visit('NEW'), visit('NEW', 2)])).toMatchObject({ recorded: 2, refused: 0 });
  });

  it('lets the service judge the rows of a dry run, by the same batches, and records nothing', async () => {
    const rows = [visit('NEW'), visit('NONE'), visit('NEW', 10_000_001), visit('no such'), visit('NEW', '')];
    const said = await run(rows, { dryRun: true });
    expect(said).toMatchObject({ total: 5, recorded: 1, alreadyRecorded: 0, refused: 4 });
    expect(said.errors.map(({ line, column, code }) => [line, column, code])).toEqual([
      [3, 'Where', 'UNKNOWN_BRANCH'],
      [4, 'Count', 'QUANTITY_TOO_LARGE'],
      [5, 'Where', 'UNKNOWN_BRANCH'],
      [6, 'Count', 'MISSING'],
    ]);
    expect(batches).toEqual([]);
    expect(await run(rows)).toEqual(said);
    expect(batches).toEqual(rehearsed);
    expect(asked).toEqual(['/v1/consortium', '/v1/consortium']);
  });

  it('judges a repeated id of a dry run after what was accepted before it', async () => {
    const file = join(folder, 'ids.csv');
    const rows = Array.from({ length: 2_001 }, (_, n) => `2024-03-01,NEW,1,${n % 2_000}`);
    writeFileSync(file, ['Day,Where,Count,Id', ...rows].join('\n'));
    await importCsv(client(), { file, mapping: { ...mapping, id: 'Id' }, dryRun: true });
    expect(rehearsed.map((events) => events.slice(0, 2).map(({ id }) => id))).toEqual([
      ['0', '1'],
      ['0', '0'],
    ]);
  });

  it('stops with what was done when the service is away for longer than it may wait', async () => {
    away = Infinity;
    const errorFile = join(folder, 'stopped.csv');
    const stopped: unknown = await run([visit('NEW'), visit('NEW', '')], { errorFile }, undefined, 10).catch(
      (error: unknown) => error,
    );
    expect(stopped).toBeInstanceOf(ImportStopped);
    expect(stopped).toMatchObject({
      result: { total: 2, recorded: 0, refused: 1 },
      cause: { code: 'STORE_UNAVAILABLE' },
    });
    expect(readFileSync(errorFile, 'utf8')).toContain('3,Count,MISSING');
  });

  it('names the column of what the service refused, in the order of the file', async () => {
    const errorFile = join(folder, 'errors.csv');
    const rows = [visit('NEW', 'x'), visit('NONE'), visit('NEW', 10_000_001), visit('NEW', 0)];
    expect(await run(rows, { errorFile })).toMatchObject({ total: 4, recorded: 0, refused: 4 });
    const [header, ...lines] = readFileSync(errorFile, 'utf8').trim().split('\n');
    expect(header).toBe('line,column,code,detail');
    expect(lines).toEqual([
      expect.stringMatching(/^2,Count,BAD_QUANTITY,.*whole number/),
      '3,Where,UNKNOWN_BRANCH,None.',
      '4,Count,QUANTITY_TOO_LARGE,Much.',
      expect.stringMatching(/^5,Count,BAD_QUANTITY,/),
    ]);
  });

  it('sends batches, and none of a branch that was refused in one before', async () => {
    const rows = Array.from({ length: 5_000 }, (_, n) => visit(n % 5 === 0 ? 'NONE' : 'NEW', n + 1));
    const read: number[] = [];
    expect(await run(rows, {}, (bytes) => read.push(bytes))).toMatchObject({
      ...{ total: 5_000, recorded: 4_000, refused: 1_000 },
    });
    expect(batches.map((events) => events.length)).toEqual([2_000, 1_600, 800]);
    expect(batches.flat().filter(({ data }) => data.branch === 'NONE')).toHaveLength(400);
    expect(read).toEqual([...read].sort((a, b) => a - b));
  });
});

it('an import goes on after its database was away', async () => {
  away = 3;
  expect(await run([visit('NEW'), visit('NEW', 2)])).toMatchObject({ recorded: 2, refused: 0 });
  expect(away).toBe(-1);
});
