import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NotConnected, ReadershipClient, RequestRefused } from './readership-client.js';

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

let server: Server;
let answers: Answer[] = [];
let asked: { method: string; url: string; key: string; body: string }[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts).toString();
      asked.push({
        method: request.method!,
        url: request.url!,
        key: request.headers.authorization ?? '',
        body,
      });
      answers.shift()!(request, response, body);
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
});
beforeEach(() => {
  answers = [];
  asked = [];
});

const client = (patienceMs?: number) =>
  new ReadershipClient(
    `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    'key-1',
    patienceMs === undefined ? {} : { patienceMs },
  );
const answer =
  (status: number, body: string, headers: Record<string, string> = {}): Answer =>
  (_request, response) =>
    response.writeHead(status, headers).end(body);

describe('the client', () => {
  it('sends its key and gives back body, position and ETag', async () => {
    answers = [answer(201, '{"id":"a"}', { 'readership-position': 'p', etag: '"v1"' })];
    expect(await client().send('POST', '/v1/libraries', { id: 'a' })).toEqual({
      status: 201,
      body: { id: 'a' },
      position: 'p',
      etag: '"v1"',
    });
    expect(asked).toEqual([
      { method: 'POST', url: '/v1/libraries', key: 'Bearer key-1', body: '{"id":"a"}' },
    ]);
  });

  it('tries again when the server is overloaded or the connection is lost', async () => {
    answers = [
      answer(503, '', { 'retry-after': '0' }),
      (request) => request.socket.destroy(),
      answer(200, '{}'),
    ];
    expect((await client().send('GET', '/v1/metrics')).status).toBe(200);
    expect(asked.length).toBe(3);
  });

  it('waits as long as it is told to', async () => {
    answers = [answer(503, '{"code":"STORE_UNAVAILABLE"}', { 'retry-after': '1' }), answer(200, '{}')];
    const begun = performance.now();
    await client().send('GET', '/v1/metrics');
    expect(performance.now() - begun).toBeGreaterThan(950);
  });

  it('gives up, with what it was told, when it would have to wait longer than its patience lasts', async () => {
    const away = '{"code":"STORE_UNAVAILABLE","detail":"Ask again."}';
    answers = [answer(503, away, { 'retry-after': '0' }), answer(503, away, { 'retry-after': '60' })];
    await expect(client(5_000).send('GET', '/v1/metrics')).rejects.toEqual(
      new RequestRefused(503, 'STORE_UNAVAILABLE', 'Ask again.'),
    );
    expect(asked.length).toBe(2);
  });

  it('does not repeat what was refused, and says why', async () => {
    answers = [answer(409, '{"code":"CARD_TAKEN","detail":"Somebody has it."}')];
    await expect(client().send('POST', '/v1/patrons', {})).rejects.toEqual(
      new RequestRefused(409, 'CARD_TAKEN', 'Somebody has it.'),
    );
    expect(asked.length).toBe(1);
  });

  it('keeps what is wrong with which field', async () => {
    const errors = [
      { pointer: '/cards/1', code: 'BAD_CARD', detail: 'A card number has 1 to 64 characters.' },
    ];
    answers = [answer(422, JSON.stringify({ code: 'INVALID', detail: 'See errors.', errors }))];
    await expect(client().send('POST', '/v1/patrons', {})).rejects.toMatchObject({ code: 'INVALID', errors });
  });

  it('names the address when nobody is there', async () => {
    const gone = createServer();
    await new Promise<void>((listening) => gone.listen(0, '127.0.0.1', listening));
    const { port } = gone.address() as AddressInfo;
    await new Promise((closed) => gone.close(closed));
    const failed: unknown = await new ReadershipClient(`http://127.0.0.1:${port}/`, 'key', { attempts: 2 })
      .send('GET', '/v1/metrics')
      .catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(NotConnected);
    expect((failed as Error).message).toContain(`http://127.0.0.1:${port} cannot be reached (ECONNREFUSED)`);
  });

  it.each(['', 'localhost:8080', 'ftp://example.org'])('is not made for %j, which is no address', (url) =>
    expect(() => new ReadershipClient(url, 'key')).toThrow('no address of a service'),
  );

  it('names the status when the answer is no problem document', async () => {
    answers = [answer(502, '<html>')];
    await expect(client().send('GET', '/')).rejects.toMatchObject({ status: 502, code: 'HTTP_502' });
  });

  it('gives the outcome of each line', async () => {
    answers = [
      answer(200, '{"line":1,"outcome":"recorded","id":"x"}\n{"line":2,"outcome":"refused","code":"BAD"}\n'),
    ];
    const outcomes = await client().sendLines('/v1/costs', [{ a: 1 }, { a: 2 }]);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['recorded', 'refused']);
    expect(asked[0]!.body).toBe('{"a":1}\n{"a":2}');
  });

  it('asks nothing for no lines', async () => {
    expect(await client().recordMany([])).toEqual([]);
    expect(asked).toEqual([]);
  });
});
