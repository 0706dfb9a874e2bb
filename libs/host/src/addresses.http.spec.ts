import { Controller, Get, Module, Param, Post, Put, Query } from '@nestjs/common';
import { memoryAdapters } from '@readership/embedded';
import { get, type IncomingMessage } from 'node:http';
import { Needs } from './routes.js';
import { startApp, testKeys, type TestApp } from '../testing/test-app.fixture.js';

@Controller('v1/books')
@Needs('any credential')
class BooksController {
  @Post()
  add(): object {
    return {};
  }

  @Put('any')
  any(): object {
    return {};
  }

  @Post('form')
  form(): object {
    return {};
  }

  @Get('broken')
  broken(): never {
    throw new Error('broken');
  }

  @Get(':id')
  read(@Param('id') id: string, @Query('q') _q?: string): object {
    return { id };
  }
}

@Module({ controllers: [BooksController] })
class BooksModule {}

/** Asks for an address as it is written here, which `fetch` would change. */
function asked(path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${testKeys.adminKey}` };
    get({ port: new URL(app.url).port, path, headers }, (answer) => resolve(answer.resume())).on(
      'error',
      reject,
    );
  });
}

let app: TestApp;
beforeAll(async () => {
  app = await startApp(() => [{ module: BooksModule }], memoryAdapters());
});
afterAll(() => app.close());

describe('an address', () => {
  it.each(['/v1/%ff', '/v1/books/%ff', '/v1/books/x?q=%ff', '/v1/books/%00', '/v1/books/x?q=%00'])(
    '%s is unreadable',
    (url) =>
      app.when({ url }).then(400, (body, { headers }) => {
        expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
        expect(body).toMatchObject({ status: 400, code: expect.stringMatching(/^(BAD_URL|BAD_REQUEST)$/) });
      }),
  );

  it('that gives a parameter twice is unreadable', () =>
    app.when({ url: '/v1/books/x?q=1&q=2' }).thenRefused(400, 'REPEATED_PARAMETER'));

  it('with a parameter that is not known is unreadable, and hears of the nearest', async () => {
    const { text, body } = await app
      .when({ url: '/v1/books/x?Q1=Lovelace' })
      .thenRefused(400, 'UNKNOWN_PARAMETER');
    expect(body.detail).toContain('did you mean q?');
    expect(text).not.toMatch(/Q1|Lovelace/);
    await app.when({ url: '/v1/books/broken?q=1' }).thenRefused(400, 'UNKNOWN_PARAMETER');
  });

  it('of a page for people may hold parameters that nobody knows', () =>
    app.when({ url: '/docs?utm_source=letter&utm_source=letter', key: null }).then(200));

  it('may hold any script', () =>
    app.when({ url: `/v1/books/${encodeURIComponent('本 +%')}` }).then(200, { id: '本 +%' }));

  it.each(['/%761/books/x', '/v%31/books/%78', 'http://other/v1/books/x'])(
    'is the same however it is written: %s',
    async (path) => {
      const { statusCode, headers } = await asked(`${path}?q=1`);
      expect([statusCode, headers['cache-control']]).toEqual([200, 'no-store']);
      expect((await asked(`${path}?zz=1`)).statusCode).toBe(400);
      expect((await asked(path.replace(/x$|%78$/, '%61ny'))).statusCode).toBe(405);
    },
  );

  it('that leads nowhere is 404', () => app.when({ url: '/nothing' }).thenRefused(404, 'NOT_FOUND'));

  it.each([
    ['DELETE', '/v1/books/x', 'GET, HEAD'],
    ['PUT', '/v1/books/form', 'POST'],
    ['OPTIONS', '/v1/books', 'POST'],
    ['PROPFIND', '/v1/books/any', 'PUT'],
  ])('under another method, %s %s, is 405 and says which there are', async (method, url, allow) => {
    const { headers } = await app.when({ method, url, key: null }).thenRefused(405, 'METHOD_NOT_ALLOWED');
    expect(headers.get('allow')).toBe(allow);
  });
});

it('nothing under /v1 may be kept by caches', async () => {
  for (const url of [
    '/v1/books/x',
    '/v1/books/broken',
    '/v1/nothing',
    '/v1/books/x?colour=1',
    '/v1/books/%ff',
  ]) {
    const { headers } = await app.http({ url });
    expect([url, headers.get('cache-control')]).toEqual([url, 'no-store']);
  }
});
