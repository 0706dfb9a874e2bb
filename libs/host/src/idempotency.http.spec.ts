import { Body, Controller, Module, Post, Put, Query } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';
import { memoryAdapters } from '@readership/embedded';
import { Unavailable, type Adapters, type Meta } from '@readership/kernel';
import { request as httpRequest } from 'node:http';
import { issuedKey, startApp, type TestApp, type TestRequest } from '../testing/test-app.fixture.js';
import { RequestMeta } from './request.js';
import { Needs, Public } from './routes.js';

const handled: string[] = [];

@Controller('v1/books')
@Needs('directory.write')
class BooksController {
  @Post()
  @ApiQuery({ name: 'shelf', required: false })
  add(@Body() _book: unknown, @RequestMeta() meta: Meta, @Query('shelf') _shelf?: string): object {
    handled.push(meta.commandId);
    return { command: meta.commandId };
  }

  @Put()
  replace(@Body() _book: unknown, @RequestMeta() meta: Meta): object {
    return { command: meta.commandId };
  }

  @Post('count')
  count(@Body() book: unknown): object {
    return { book };
  }

  @Post('public')
  @Public()
  everybody(@Body() _book: unknown, @RequestMeta() meta: Meta): object {
    return { command: meta.commandId };
  }
}

@Module({ controllers: [BooksController] })
class BooksModule {}

let adapters: Adapters;
let app: TestApp;

beforeEach(async () => {
  handled.length = 0;
  adapters = memoryAdapters();
  app = await startApp(() => [{ module: BooksModule }], adapters);
});
afterEach(async () => {
  await app.close();
  await adapters.close();
});

const url = '/v1/books';
const add = (key: string, more: Partial<TestRequest> = {}) =>
  app.when({ url, body: { title: 'Emma' }, ...more, headers: { 'idempotency-key': key, ...more.headers } });
const commandOf = async (key: string, more: Partial<TestRequest> = {}): Promise<string> =>
  ((await add(key, more).then(201)).body as { command: string }).command;
const kept = async (): Promise<number> =>
  (await adapters.access.list({ limit: 100 })).filter(({ id }) => id.startsWith('once.')).length;

/** Sends headers that `fetch` would not send, and resolves to the status and code. */
function sent(keys: readonly string[]): Promise<readonly [number, string | undefined]> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${app.key}`,
      'content-type': 'application/json',
      'idempotency-key': keys as string[],
    };
    const request = httpRequest(app.url + url, { method: 'POST', headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve([response.statusCode!, (JSON.parse(text) as { code?: string }).code]));
    });
    request.on('error', reject).end('{}');
  });
}

describe('an Idempotency-Key', () => {
  it.each([
    ['empty', ['']],
    ['longer than 128 characters', ['x'.repeat(129)]],
    ['not of ASCII', ['clé']],
    ['with a tab', ['a\tb']],
    ['sent twice', ['one', 'one']],
  ])('is refused: %s', async (_, keys) => {
    expect(await sent(keys)).toEqual([400, 'BAD_IDEMPOTENCY_KEY']);
    expect([handled, await kept()]).toEqual([[], 0]);
  });

  it.each(['x', 'x'.repeat(128), '"b5d5-8a" {~}, ?'])('is any printable text: %s', async (key) => {
    expect(await commandOf(key)).toBe(await commandOf(key));
  });

  it('gives the same request the same command, however its JSON is spaced', async () => {
    const command = await commandOf('one');
    const spaced = { body: '{ "title" : "Em\\u006da" }', headers: { 'content-type': 'application/json' } };
    expect(await commandOf('one', spaced)).toBe(command);
    expect(handled).toEqual([command, command]);
    const without = await app.when({ url, body: { title: 'Emma' } }).then(201);
    expect((without.body as { command: string }).command).not.toBe(command);
  });

  it('is refused for another body, query or condition, before anything is done', async () => {
    await commandOf('one', { url: `${url}?shelf=1` });
    const code = 'IDEMPOTENCY_KEY_REUSED';
    await add('one', { url: `${url}?shelf=1`, body: { title: 'Persuasion' } }).thenRefused(422, code);
    await add('one', { url: `${url}?shelf=2` }).thenRefused(422, code);
    await add('one', { url: `${url}?shelf=1`, headers: { 'if-match': '"v1"' } }).thenRefused(422, code);
    expect(handled).toHaveLength(1);
    // Nothing that was sent is quoted.
    const { text } = await add('one').thenRefused(422, code);
    expect(text).not.toMatch(/Emma|one"/);
  });

  it('has no meaning where nothing is made, and for senders without a name', async () => {
    const headers = { 'idempotency-key': 'x'.repeat(500) };
    await app.when({ method: 'PUT', url, body: {}, headers }).then(200);
    await app.when({ url: `${url}/count`, body: { n: 1 }, headers }).then(201, { book: { n: 1 } });
    const everybody = async (): Promise<unknown> =>
      (await app.when({ url: `${url}/public`, key: null, body: {}, headers }).then(201)).body;
    expect(await everybody()).not.toEqual(await everybody());
    expect(await kept()).toBe(0);
  });

  it('is not kept for a request that is not permitted, or whose body cannot be read', async () => {
    const key = await issuedKey(app, adapters, [{ role: 'analyst', scopes: ['consortium'] }]);
    await add('one', { key }).thenRefused(403, 'FORBIDDEN');
    await add('one', { key: null }).thenRefused(401, 'UNAUTHENTICATED');
    const broken = { body: '{"title":', headers: { 'content-type': 'application/json' } };
    expect(
      (await app.http({ url, ...broken, headers: { ...broken.headers, 'idempotency-key': 'one' } })).status,
    ).toBe(400);
    expect(await kept()).toBe(0);
    await add('one').then(201);
  });

  it('is answered 503 while the access database is away, and nothing is done', async () => {
    adapters.access.put = () => Promise.reject(new Unavailable('STORE_UNAVAILABLE', 'away'));
    await add('one').thenRefused(503, 'STORE_UNAVAILABLE');
    expect(handled).toEqual([]);
    await app.when({ url, body: {} }).then(201);
  });

  it('is described where it has a meaning, and only there', async () => {
    const { body } = await app.when({ url: '/openapi.json' }).then(200);
    type Described = { parameters?: { name: string; in: string; required: boolean }[]; responses: object };
    const { paths } = body as { paths: Record<string, Record<string, Described>> };
    const takes = Object.entries(paths).flatMap(([path, item]) =>
      Object.entries(item)
        .filter(([, { parameters = [] }]) => parameters.some(({ name }) => name === 'Idempotency-Key'))
        .map(([method, { responses }]) => [`${method} ${path}`, '422' in responses && '400' in responses]),
    );
    expect(takes.filter(([name]) => String(name).includes('books'))).toEqual([['post /v1/books', true]]);
    expect(takes.map(([name]) => name)).toContain('post /v1/parked/replay');
  });
});
