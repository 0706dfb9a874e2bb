import { ReadershipClient, type InteractionEvent, type LineOutcome } from '@readership/client';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Mapping } from './csv-mapping.js';
import { importCsv, type ImportRequest } from './import.js';

const mapping: Mapping = { time: 'Day', branch: 'Where', kind: { const: 'visit' }, quantity: 'Count' };

let server: Server;
let folder: string;
/** Branches that are recorded. The list of branches has none of them yet. */
let recorded: Set<string>;
let asked: string[];
let batches: InteractionEvent[][];
/** The number of further answers that say that the database is unavailable. */
let away = 0;

function outcomeOf({ data }: InteractionEvent, at: number): LineOutcome {
  const line = at + 1;
  if (!recorded.has(data.branch))
    return { line, outcome: 'refused', code: 'UNKNOWN_BRANCH', pointer: '/data/branch' };
  if (data.quantity! > 10_000_000)
    return { line, outcome: 'refused', code: 'QUANTITY_TOO_LARGE', pointer: '/data/quantity' };
  return { line, outcome: 'recorded', id: 'x' };
}

function answerOf(url: string, body: string): { status: number; text: string } {
  if (url === '/v1/interactions/batch') {
    if (away-- > 0) return { status: 503, text: '{"code":"STORE_UNAVAILABLE"}' };
    const events = body.split('\n').map((line) => JSON.parse(line) as InteractionEvent);
    batches.push(events);
    return { status: 200, text: events.map((event, at) => JSON.stringify(outcomeOf(event, at))).join('\n') };
  }
  asked.push(url);
  if (url.startsWith('/v1/branches?')) return { status: 200, text: '{"items":[],"nextCursor":null}' };
  if (recorded.has(url.slice('/v1/branches/'.length))) return { status: 200, text: '{}' };
  return { status: 404, text: '{"code":"BRANCH_UNKNOWN"}' };
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
  away = 0;
});

function run(rows: readonly string[], more: Partial<ImportRequest> = {}, report?: (read: number) => void) {
  const file = join(folder, 'rows.csv');
  writeFileSync(file, ['Day,Where,Count', ...rows].join('\n'));
  const client = new ReadershipClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'key');
  return importCsv(client, { file, mapping, dryRun: false, ...more }, report);
}
const visit = (branch: string, count: number | string = 1) => `2024-03-01,${branch},${count}`;

describe('an import while the list of branches is behind', () => {
  it('leaves it to the service which branches are known', async () => {
    expect(await run([visit('NEW'), visit('NEW', 2)])).toMatchObject({ recorded: 2, refused: 0 });
  });

  it('finds in a dry run what is recorded, and asks for each branch once', async () => {
    const rows = [visit('NEW'), visit('NONE'), visit('NEW', 2), visit('no such')];
    expect(await run(rows, { dryRun: true })).toEqual({
      ...{ total: 4, recorded: 2, alreadyRecorded: 0, refused: 2 },
      errors: [
        { line: 3, column: 'Where', code: 'UNKNOWN_BRANCH' },
        { line: 5, column: 'Where', code: 'UNKNOWN_BRANCH' },
      ],
    });
    expect(asked).toEqual(['/v1/branches/NEW', '/v1/branches/NONE']);
    expect(batches).toEqual([]);
  });

  it('names the column of what the service refused, in the order of the file', async () => {
    const errorFile = join(folder, 'errors.csv');
    const rows = [visit('NEW', 'x'), visit('NONE'), visit('NEW', 10_000_001), visit('NEW', 0)];
    expect(await run(rows, { errorFile })).toMatchObject({ total: 4, recorded: 0, refused: 4 });
    expect(readFileSync(errorFile, 'utf8')).toBe(
      'line,column,code\n2,Count,BAD_QUANTITY\n3,Where,UNKNOWN_BRANCH\n4,Count,QUANTITY_TOO_LARGE\n5,Count,BAD_QUANTITY\n',
    );
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
