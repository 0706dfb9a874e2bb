import { Body, Controller, Get, Module, Param, Post, Put, Query } from '@nestjs/common';
import { ApiConsumes } from '@nestjs/swagger';
import { memoryAdapters } from '@readership/embedded';
import { Unavailable, type Away } from '@readership/kernel';
import { Type } from 'class-transformer';
import { IsInt, IsObject, IsOptional, IsString, MaxLength, ValidateNested } from 'class-validator';
import { request as httpRequest } from 'node:http';
import type { ProblemDocument } from './problem.js';
import { Needs, Public } from './routes.js';
import { startApp, type TestApp, type TestRequest } from '../testing/test-app.fixture.js';

class Shelf {
  @IsInt()
  row!: number;
}

class Book {
  @IsString()
  @MaxLength(50)
  title!: string;

  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => Shelf)
  shelf?: Shelf;
}

@Controller('v1/books')
@Needs('any credential')
class BooksController {
  readonly seen: unknown[] = [];

  @Post()
  add(@Body() book: Book): object {
    this.seen.push(book);
    return { title: book.title };
  }

  @Put('any')
  @ApiConsumes(
    'application/json',
    'application/x-ndjson',
    'application/cloudevents+json',
    'application/cloudevents-batch+json',
  )
  any(@Body() body: unknown): object {
    this.seen.push(body);
    return Buffer.isBuffer(body) ? { bytes: body.length } : { body };
  }

  @Get('broken')
  broken(): never {
    throw new Error('the secret of Ada Lovelace');
  }

  @Get('away/:code')
  away(@Param('code') code: Away): never {
    throw new Unavailable(code, 'MongoNetworkError');
  }

  @Get(':id')
  read(@Param('id') id: string, @Query('q') _q?: string): object {
    return { id };
  }

  @Public()
  @Post('form')
  @ApiConsumes('application/x-www-form-urlencoded')
  form(@Body() body: unknown): unknown {
    return body;
  }
}

@Module({ controllers: [BooksController] })
class BooksModule {}

const lines: string[] = [];
let app: TestApp;
let books: BooksController;

beforeAll(async () => {
  app = await startApp(() => [{ module: BooksModule }], memoryAdapters(), {
    logTo: { write: (line: string) => void lines.push(line) },
  });
  books = app.app.get(BooksController, { strict: false });
});
afterAll(() => app.close());
beforeEach(() => {
  books.seen.length = 0;
});

const post = (body: string | Uint8Array, type = 'application/json'): TestRequest => ({
  method: 'POST',
  url: '/v1/books',
  body,
  headers: { 'content-type': type },
});

describe('a JSON body', () => {
  it('that is as it must be is taken', () =>
    app.when({ url: '/v1/books', body: { title: 'Emma', shelf: { row: 3 } } }).then(201, { title: 'Emma' }));

  it('may hold escaped quotes, brackets in text and any script', () =>
    app
      .when({ url: '/v1/books', body: { title: '"[[{\\ 本 ' + '😀' } })
      .then(201, { title: '"[[{\\ 本 😀' }));

  it.each([
    ['is cut short', '{"title":', 'MALFORMED_JSON'],
    ['is empty', '', 'MALFORMED_JSON'],
    ['is 100,000 nested arrays', '['.repeat(100_000) + ']'.repeat(100_000), 'TOO_DEEP'],
    ['holds a field __proto__', '{"title":"a","__proto__":{"x":1}}', 'FORBIDDEN_KEY'],
    ['hides __proto__ behind an escape', '{"title":"a","\\u005f_proto__":1}', 'FORBIDDEN_KEY'],
    ['holds a field constructor', '{"title":"a","constructor":1}', 'FORBIDDEN_KEY'],
    ['holds a nested prototype', '{"title":"a","shelf":{"prototype":1}}', 'FORBIDDEN_KEY'],
    ['holds NUL', '{"title":"a\\u0000"}', 'BAD_STRING'],
    ['holds half a surrogate pair', '{"title":"\\ud83d"}', 'BAD_STRING'],
    ['holds half a pair in a name', '{"\\udc00":1}', 'BAD_STRING'],
  ])('that %s is unreadable', async (_, body, code) => {
    await app.when(post(body)).thenRefused(400, code);
    expect(books.seen).toEqual([]);
  });

  it('that is not UTF-8 is unreadable', () =>
    app
      .when(post(Buffer.from([0x7b, 0x22, 0x74, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d])))
      .thenRefused(400, 'NOT_UTF8'));

  it.each([
    ['an array', '[]', ''],
    ['a number', '5', ''],
    ['null', 'null', ''],
    ['a text', '"x"', ''],
    ['of a wrong type', '{"title":5}', '/title'],
    ['without a field that it needs', '{}', '/title'],
    ['too long', `{"title":"${'x'.repeat(51)}"}`, '/title'],
    ['with an unknown field', '{"title":"a","colour":"red"}', '/colour'],
    ['with an unknown field deep inside', '{"title":"a","shelf":{"row":1,"x/y":2}}', '/shelf/x~1y'],
    ['with an array for an object', '{"title":"a","shelf":[]}', '/shelf'],
  ])('that is %s is invalid, and its pointer says where', async (_, body, pointer) => {
    await app.when(post(body)).then(422, ({ code, errors }: ProblemDocument) => {
      expect(code).toBe('INVALID');
      expect([...new Set(errors!.map((error) => error.pointer))]).toEqual([pointer]);
    });
    expect(books.seen).toEqual([]);
  });

  it('tells all that is wrong at once, with a code each and without the values', async () => {
    const { text } = await app
      .when({ url: '/v1/books', body: { title: 5, colour: 'crimson' } })
      .then(422, (body) => {
        const codes = (body as { errors: { code: string }[] }).errors.map(({ code }) => code);
        expect(codes.sort()).toEqual(['IS_STRING', 'MAX_LENGTH', 'UNKNOWN_FIELD']);
      });
    expect(text).not.toContain('crimson');
  });

  it('over 1 MB is too large', () =>
    app.when(post(`{"title":"${'x'.repeat(1_100_000)}"}`)).thenRefused(413, 'TOO_LARGE'));

  it('of another kind is not taken', () =>
    app.when(post('<a/>', 'application/xml')).thenRefused(415, 'UNSUPPORTED_MEDIA_TYPE'));

  it('of a kind that other routes take is not taken here', async () => {
    for (const type of [
      'application/x-www-form-urlencoded',
      'application/x-ndjson',
      'application/cloudevents+json',
    ])
      await app.when(post('{"title":"a"}', type)).thenRefused(415, 'UNSUPPORTED_MEDIA_TYPE');
    expect(books.seen).toEqual([]);
  });

  it('that is compressed is not taken, and one that says identity is', async () => {
    const sent = (encoding: string): TestRequest => {
      const { headers, ...rest } = post('{"title":"a"}');
      return { ...rest, headers: { ...headers, 'content-encoding': encoding } };
    };
    for (const encoding of ['gzip', 'br', 'x'])
      await app.when(sent(encoding)).thenRefused(415, 'UNSUPPORTED_CONTENT_ENCODING');
    await app.when(sent('identity')).then(201);
  });

  it('without a kind is not taken', () =>
    app.when({ ...post(Buffer.from('{}')), headers: {} }).thenRefused(415, 'UNSUPPORTED_MEDIA_TYPE'));
});

describe('a body of 200 MB', () => {
  it.each(['application/json', 'application/x-ndjson'])('that streams in as %s is cut off', async (type) => {
    expect(await streamed(200_000_000, type)).toBe(413);
    expect(books.seen).toEqual([]);
  });

  it('that announces itself is refused before it comes', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const sending = httpRequest(`${app.url}/v1/books`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${app.key}`,
          'content-type': 'application/json',
          'content-length': '200000000',
        },
      });
      sending.on('response', (response) => {
        resolve(response.statusCode);
        sending.destroy();
      });
      sending.on('error', reject);
      sending.write('{');
    });
    expect(status).toBe(413);
  });
});

/** Sends a chunked body until it is answered; resolves to the status. */
function streamed(bytes: number, type: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    let answered = false;
    const sending = httpRequest(`${app.url}/v1/books/any`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${app.key}`, 'content-type': type, 'transfer-encoding': 'chunked' },
    });
    sending.on('response', (response) => {
      answered = true;
      resolve(response.statusCode);
      sending.destroy();
    });
    sending.on('error', (error) => {
      if (!answered) reject(error);
    });
    const chunk = Buffer.alloc(64_000, 0x20);
    let sent = 0;
    const more = (): void => {
      while (sent < bytes && !answered) {
        sent += chunk.length;
        if (!sending.write(chunk)) {
          sending.once('drain', more);
          return;
        }
      }
      if (!answered) sending.end();
    };
    more();
  });
}

describe('other bodies', () => {
  it.each(['application/x-ndjson', 'application/cloudevents+json', 'application/cloudevents-batch+json'])(
    '%s arrives as its bytes',
    (type) =>
      app
        .when({ method: 'PUT', url: '/v1/books/any', body: '[1]\n', headers: { 'content-type': type } })
        .then(200, { bytes: 4 }),
  );

  const form = (body: string | Uint8Array): TestRequest => ({
    url: '/v1/books/form',
    body,
    key: null,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });

  it('a form arrives as a plain object', () =>
    app.when(form('a=1+2&b=%C3%A9&c')).then(201, { a: '1 2', b: 'é', c: '' }));

  it.each([
    ['%ff', 'NOT_UTF8'],
    ['a=%00', 'BAD_STRING'],
    ['__proto__=1', 'FORBIDDEN_KEY'],
    ['a=1&a=2', 'REPEATED_FIELD'],
    [Array.from({ length: 1001 }, (_, n) => `f${n}=`).join('&'), 'TOO_MANY_FIELDS'],
  ])('a form like %s is unreadable', (body, code) => app.when(form(body)).thenRefused(400, code));

  it('a form over half a mebibyte is too large', () =>
    app.when(form(`a=${'x'.repeat(600_000)}`)).thenRefused(413, 'TOO_LARGE'));
});

describe('an internal error', () => {
  it('tells neither message nor stack, to the client or the log', async () => {
    const { text, body } = await app
      .when({ url: '/v1/books/broken' })
      .then(500, { code: 'INTERNAL', title: 'Internal Server Error' });
    expect(text).not.toMatch(/Lovelace|\.ts|at /);
    const logged = lines.filter((line) => line.includes((body as { traceId: string }).traceId)).join('');
    expect(logged).toContain('internal error');
    expect(logged).not.toContain('Lovelace');
  });
});

describe('a server that is away', () => {
  it.each(['STORE_UNAVAILABLE', 'STORE_FULL', 'LOG_UNAVAILABLE'])(
    'answers 503 %s, says when to ask again, and is logged by its code',
    async (code) => {
      const { headers, body } = await app.when({ url: `/v1/books/away/${code}` }).thenRefused(503, code);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
      const logged = lines.filter((line) => line.includes((body as { traceId: string }).traceId)).join('');
      expect(logged).toContain(`"code":"${code}"`);
      expect(logged).not.toContain('internal error');
    },
  );
});

it('a store that is busy answers 503 and when to ask again, is counted and not warned of', async () => {
  const { headers, body } = await app.when({ url: '/v1/books/away/BUSY' }).thenRefused(503, 'BUSY');
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  const { traceId } = body as { traceId: string };
  const levels = lines
    .filter((line) => line.includes(traceId))
    .map((line) => (JSON.parse(line) as { level: string }).level);
  expect(levels.filter((level) => level !== 'info')).toEqual([]);
  const { text } = await app.http({ url: '/metrics', key: null });
  expect(text).toContain('readership_expected_retries_total{reason="busy"} 1');
});

describe('a problem', () => {
  it('names the path and the trace, and nothing of the query', async () => {
    const { body } = await app
      .when({
        url: '/nothing?name=Ada',
        headers: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
      })
      .thenRefused(404, 'NOT_FOUND');
    expect(body).toEqual({
      type: 'urn:readership:problem:not-found',
      title: 'Not Found',
      status: 404,
      code: 'NOT_FOUND',
      detail: expect.any(String),
      instance: '/nothing',
      traceId: '0af7651916cd43dd8448eb211c80319c',
    });
  });
});

it('a request is logged by its route, without query, body or id of what it asked for', async () => {
  await app.when({ url: '/v1/books/Ada?q=Lovelace' }).then(200);
  await new Promise((resolve) => setTimeout(resolve, 20));
  const last = lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ message }) => message === 'request')
    .at(-1)!;
  expect(last).toEqual({
    level: 'info',
    time: expect.stringMatching(/^\d{4}-/),
    message: 'request',
    requestId: expect.any(String),
    method: 'GET',
    route: '/v1/books/:id',
    status: 200,
    ms: expect.any(Number),
  });
});
