import { Controller, Get, Module } from '@nestjs/common';
import { memoryAdapters } from '@readership/embedded';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { startApp, type TestApp } from '../testing/test-app.fixture.js';
import { Public } from './routes.js';
import { StaticFile } from './static-file.js';

const mebibyte = 1024 * 1024;
/** More than the buffers of two sockets take, so that most of it waits in the process for its reader. */
const large = Buffer.alloc(16 * mebibyte, 'a line of a file\n');
let reads = 0;
const file = new StaticFile('text/plain; charset=utf-8', () => {
  reads++;
  return large;
});

@Public()
@Controller()
class FilesController {
  @Get('large')
  large(): StaticFile {
    return file;
  }
}

@Module({ controllers: [FilesController] })
class FilesModule {}

let app: TestApp;
const sockets = new Set<Socket>();
beforeAll(async () => {
  app = await startApp(() => [{ module: FilesModule }], memoryAdapters(), { maxConnections: 40 });
  app.app.getHttpServer().on('connection', (socket: Socket) => sockets.add(socket));
});
afterAll(() => app.close());

const get = (headers: Record<string, string> = {}) =>
  app.http({ url: '/large', key: null, headers: { 'accept-encoding': 'identity', ...headers } });

it('a file is read once, and sent as it is or compressed, as the client can take it', async () => {
  const plain = await get();
  expect([plain.status, plain.text.length]).toEqual([200, large.length]);
  expect(plain.headers.get('content-length')).toBe(String(large.length));
  expect(plain.headers.get('content-encoding')).toBeNull();
  for (const accepted of ['gzip', 'br, GZIP;q=0.5']) {
    const compressed = await get({ 'accept-encoding': accepted });
    expect(compressed.headers.get('content-encoding')).toBe('gzip');
    expect(compressed.text === plain.text).toBe(true);
  }
  expect((await get({ 'accept-encoding': 'gzip;q=0, br' })).headers.get('content-encoding')).toBeNull();
  expect(reads).toBe(1);
});

it('a client asks again each time, and is told when it has the content already', async () => {
  const { headers } = await get();
  expect(headers.get('cache-control')).toBe('no-cache');
  expect(headers.get('vary')).toMatch(/accept-encoding/i);
  const tag = headers.get('etag')!;
  for (const known of [tag, `"other", ${tag}`, tag.replace('W/', ''), '*']) {
    const again = await get({ 'if-none-match': known });
    expect([again.status, again.text, again.headers.get('etag')]).toEqual([304, '', tag]);
  }
  expect((await get({ 'if-none-match': '"other"' })).status).toBe(200);
});

it('many readers who do not read hold one copy between them', async () => {
  await get();
  sockets.clear();
  const before = process.memoryUsage().arrayBuffers;
  const { port } = new URL(app.url);
  const readers = await Promise.all(
    Array.from({ length: 30 }, async () => {
      const reader = connect(Number(port), '127.0.0.1');
      reader.write('GET /large HTTP/1.1\r\nhost: x\r\n\r\n');
      await once(reader, 'readable');
      return reader;
    }),
  );
  try {
    const waiting = [...sockets].reduce((sum, socket) => sum + socket.writableLength, 0);
    expect(waiting).toBeGreaterThan(5 * large.length);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 * large.length);
  } finally {
    for (const reader of readers) reader.destroy();
  }
});

it('more connections than the configuration allows are closed at once', async () => {
  const { port } = new URL(app.url);
  const clients = Array.from({ length: 60 }, () => connect(Number(port), '127.0.0.1'));
  try {
    await new Promise<void>((resolve) => {
      let closed = 0;
      for (const client of clients) {
        client.on('error', () => undefined).resume();
        client.once('close', () => ++closed === 20 && resolve());
      }
    });
    const server = app.app.getHttpServer();
    expect(await promisify(server.getConnections.bind(server))()).toBe(40);
  } finally {
    for (const client of clients) client.destroy();
  }
});
