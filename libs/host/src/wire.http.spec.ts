import { Controller, Get, Module, Post } from '@nestjs/common';
import { memoryAdapters } from '@readership/embedded';
import { connect, type Socket } from 'node:net';
import { Needs, Public } from './routes.js';
import { securityHeaders } from './security-headers.js';
import { startApp, testKeys, type TestApp } from '../testing/test-app.fixture.js';

let answerLate: () => void = () => undefined;
let asked: () => void = () => undefined;

@Controller('v1/lamps')
@Needs('any credential')
class LampsController {
  lit = 0;

  @Get()
  list(): object {
    return { items: [] };
  }

  @Post()
  light(): object {
    this.lit++;
    return {};
  }

  @Public()
  @Post('public')
  lightForAll(): object {
    return this.light();
  }

  @Get('late')
  async late(): Promise<object> {
    asked();
    await new Promise<void>((resolve) => (answerLate = resolve));
    return { late: true };
  }
}

@Module({ controllers: [LampsController] })
class LampsModule {}

let app: TestApp;
beforeEach(async () => {
  app = await startApp(() => [{ module: LampsModule }], memoryAdapters());
});
afterEach(() => app.close());

/** A connection, what was heard on it, and a promise of its end. */
interface Line {
  readonly socket: Socket;
  heard(): string;
  /** Resolves with all that was heard once that matches. */
  until(pattern: RegExp): Promise<string>;
  readonly closed: Promise<string>;
}

function line(text: string): Line {
  const socket = connect(Number(new URL(app.url).port), '127.0.0.1', () => socket.write(text));
  let heard = '';
  const waiting = new Set<() => void>();
  const listen = (): void => waiting.forEach((look) => look());
  socket.on('data', (bytes) => {
    heard += bytes.toString();
    listen();
  });
  socket.on('error', () => undefined);
  const closed = new Promise<string>((resolve) => socket.once('close', () => resolve(heard)));
  const until = (pattern: RegExp): Promise<string> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (pattern.test(heard)) resolve(heard);
      };
      waiting.add(look);
      look();
    });
  return { socket, heard: () => heard, until, closed };
}

const key = `Authorization: Bearer ${testKeys.adminKey}\r\n`;
const post = (headers: string, path = '/v1/lamps'): string =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;
const json = 'Content-Type: application/json\r\n';

describe('what never becomes a request is answered with a problem and the headers of every answer', () => {
  it.each([
    ['garbage', 'GARBAGE\r\n\r\n', 400, 'BAD_REQUEST'],
    ['a header without a colon', 'GET / HTTP/1.1\r\nHost: x\r\nNo Colon\r\n\r\n', 400, 'BAD_REQUEST'],
    [
      'two lengths of a body',
      post(`${json}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n`),
      400,
      'BAD_REQUEST',
    ],
    [
      'a chunk that is none',
      `${post(`${key}${json}Transfer-Encoding: chunked\r\n`)}ZZ\r\n`,
      400,
      'BAD_REQUEST',
    ],
    ['an address of 20 KiB', `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 414, 'URL_TOO_LONG'],
    [
      'headers of 20 KiB',
      `GET / HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(20_000)}\r\n\r\n`,
      431,
      'HEADERS_TOO_LARGE',
    ],
    ['a method that nobody knows', 'FETCH / HTTP/1.1\r\nHost: x\r\n\r\n', 501, 'METHOD_UNKNOWN'],
    ['a tunnel', 'CONNECT a:1 HTTP/1.1\r\nHost: x\r\n\r\n', 501, 'METHOD_UNKNOWN'],
    ['another version', 'GET / HTTP/3.7\r\nHost: x\r\n\r\n', 505, 'HTTP_VERSION_NOT_SUPPORTED'],
    [
      'another expectation',
      'GET /v1/lamps HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n\r\n',
      417,
      'EXPECTATION_FAILED',
    ],
    ['a request without Host', 'GET /v1/lamps HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 'HOST_REQUIRED'],
    [
      'two Hosts',
      'GET /v1/lamps HTTP/1.1\r\nHost: x\r\nHost: y\r\nConnection: close\r\n\r\n',
      400,
      'HOST_REQUIRED',
    ],
    ['no version', 'GET /v1/lamps\r\n\r\n', 505, 'HTTP_VERSION_NOT_SUPPORTED'],
    [
      'an address that is not encoded',
      'GET /v1/%ff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      400,
      'BAD_REQUEST',
    ],
  ])('%s', async (_, text, status, code) => {
    const [head, body] = (await line(text).closed).split('\r\n\r\n') as [string, string];
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(JSON.parse(body)).toEqual({
      type: expect.stringMatching(/^urn:readership:problem:/),
      title: expect.any(String),
      status,
      code,
      detail: expect.any(String),
      instance: expect.stringMatching(/^\//),
      traceId: expect.any(String),
    });
    const headers = new Map(
      head.split('\r\n').map((each) => each.toLowerCase().split(': ', 2) as [string, string]),
    );
    expect(headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(headers.get('cache-control')).toBe('no-store');
    for (const name of Object.keys(securityHeaders)) expect([name, headers.has(name)]).toEqual([name, true]);
  });
});

describe('a body', () => {
  it.each([
    ['no key', '', '/v1/lamps', 401],
    ['an address that leads nowhere', key, '/v1/nothing', 404],
    ['another method', key, '/v1/lamps/late', 405],
    ['another type', `${key}Content-Type: text/plain\r\n`, '/v1/lamps', 415],
    ['a parameter that is not known', `${key}${json}`, '/v1/lamps?colour=red', 400],
  ])('is not waited for with %s', async (_, headers, path, status) => {
    const sender = line(post(`${headers}Transfer-Encoding: chunked\r\n`, path));
    await sender.until(new RegExp(`^HTTP/1\\.1 ${status} `));
    sender.socket.destroy();
  });

  it('is asked for when the headers are in order, and not before', async () => {
    const expecting = `Expect: 100-continue\r\nContent-Length: 2\r\n${json}`;
    const refused = line(post(expecting));
    await refused.until(/"code":"UNAUTHENTICATED"/);
    expect(refused.heard()).not.toContain('100 Continue');
    const taken = line(post(`${key}${expecting}`));
    await taken.until(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
    taken.socket.write('{}');
    await taken.until(/HTTP\/1\.1 201 /);
    for (const { socket } of [refused, taken]) socket.destroy();
  });

  it('is not asked for where HTTP/1.0 has no such answer', async () => {
    const old = line(
      `POST /v1/lamps HTTP/1.0\r\nHost: x\r\n${key}Expect: 100-continue\r\nContent-Length: 2\r\n${json}\r\n{}`,
    );
    expect(await old.until(/ 201 /)).not.toContain('100 Continue');
    old.socket.destroy();
  });
});

it.each(['Connection: close\r\n', ''])(
  'a client that sends on while it is refused hears why, whether or not it keeps the connection: "%s"',
  async (connection) => {
    const length = 900_000;
    const refused = line(post(`${connection}${json}Content-Length: ${length}\r\n`));
    await refused.until(/UNAUTHENTICATED/);
    for (let sent = 0; sent < length; sent += 90_000) {
      await new Promise((resume) => setTimeout(resume, 10));
      expect(refused.socket.destroyed).toBe(false);
      refused.socket.write(Buffer.alloc(90_000));
    }
    if (connection === '') {
      refused.socket.write(`GET /v1/lamps HTTP/1.1\r\nHost: x\r\n${key}Connection: close\r\n\r\n`);
      expect(await refused.closed).toMatch(/401 [^]*200 OK/);
    } else expect(await refused.closed).toMatch(/401 /);
    expect(refused.socket.bytesWritten).toBeGreaterThan(length);
  },
);

describe('a process that stops', () => {
  it('ends what still arrives, with or without a key, and finishes what has arrived', async () => {
    const wasAsked = new Promise<void>((resolve) => (asked = resolve));
    const late = line(`GET /v1/lamps/late HTTP/1.1\r\nHost: x\r\n${key}\r\n`);
    await wasAsked;
    const begun = `Content-Length: 100\r\nExpect: 100-continue\r\n${json}`;
    const arriving = [line(post(`${key}${begun}`)), line(post(begun, '/v1/lamps/public'))];
    for (const { until, socket } of arriving) {
      await until(/100 Continue/);
      socket.write('{');
    }
    const heads = line('GET /v1/lamps HTTP/1.1\r\nHo');
    const idle = line(`GET /v1/lamps HTTP/1.1\r\nHost: x\r\n${key}\r\n`);
    await idle.until(/"items":\[\]/);

    const stopped = app.app.close();
    for (const { until } of arriving) expect(await until(/"code":"\w+"/)).toContain('"code":"STOPPING"');
    // They are closed although their clients go on and never close them themselves.
    for (const { closed } of [...arriving, heads, idle]) await closed;
    expect(late.heard()).toBe('');
    answerLate();
    expect(await late.until(/\}/)).toMatch(/^HTTP\/1\.1 200 [^]*\{"late":true\}/);
    await stopped;
    await late.closed;
    expect(app.app.get(LampsController, { strict: false }).lit).toBe(0);
  }, 20_000);
});
