import type { DynamicModule } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { atRest } from '@readership/client';
import type { Adapters } from '@readership/kernel';
import { createApp, type AppOptions } from '../src/app.js';
import { Clock } from '../src/clock.js';
import type { Config } from '../src/config.js';
import { Contexts } from '../src/contexts.js';
import { eventually } from '../src/eventually.js';
import { routesOf } from '../src/routes.js';
import { Secrets } from '../src/secrets.js';
import { auditOf } from '../src/audit.js';

export { issuedKey } from './issued-key.fixture.js';
export { constraintsWithoutSentence } from '../src/sentences.js';

export interface TestRequest {
  /** Defaults to `POST` when there is a body, else `GET`. */
  readonly method?: string;
  /** Path and query, such as `/v1/patrons?card=1`. */
  readonly url: string;
  /** An object is sent as JSON. Text or bytes are sent as they are, with the `content-type` given in `headers`. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Another key; `null` sends none. */
  readonly key?: string | null;
}

export interface TestAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed when it is JSON, an array of parsed lines when it is NDJSON, else text. */
  readonly body: any;
  readonly text: string;
}

/** The expected body: a part of it, as for Jest's `toMatchObject`, or a function that checks it. */
export type BodyMatcher = object | ((body: any, answer: TestAnswer) => void);

/** A request that is sent when an expectation is called. */
export class Asking {
  constructor(private readonly send: () => Promise<TestAnswer>) {}

  /** Sends the request. Fails with the answer's text when the status differs or the body does not match. */
  async then(status: number, matcher?: BodyMatcher): Promise<TestAnswer> {
    const answer = await this.send();
    if (answer.status !== status)
      throw new Error(`expected ${status}, got ${answer.status}: ${answer.text.slice(0, 2000)}`);
    if (typeof matcher === 'function')
      (matcher as (body: any, answer: TestAnswer) => void)(answer.body, answer);
    else if (matcher !== undefined) expect(answer.body).toMatchObject(matcher);
    return answer;
  }

  /** Sends the request. Fails unless the answer is a problem with this status and code. */
  thenRefused(status: number, code: string): Promise<TestAnswer> {
    return this.then(status, (body, { headers }) => {
      expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
      expect(body).toMatchObject({ status, code });
    });
  }
}

export class TestApp {
  constructor(
    readonly app: NestFastifyApplication,
    readonly url: string,
    readonly key: string,
    readonly secrets: Secrets,
  ) {}

  /** Sends one request. */
  async http(request: TestRequest): Promise<TestAnswer> {
    const { body, key = this.key } = request;
    const raw = typeof body === 'string' || body instanceof Uint8Array;
    const response = await fetch(this.url + request.url, {
      method: request.method ?? (body === undefined ? 'GET' : 'POST'),
      redirect: 'manual',
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined || raw ? {} : { 'content-type': 'application/json' }),
        ...request.headers,
      },
      ...(body === undefined ? {} : { body: raw ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const type = response.headers.get('content-type') ?? '';
    return { status: response.status, headers: response.headers, text, body: bodyOf(type, text) };
  }

  /** Sends requests one after the other, each of which must succeed. Continue with `.when(…)`. */
  given(...requests: readonly TestRequest[]): { when(request: TestRequest): Asking } {
    const before = async (): Promise<void> => {
      for (const request of requests) {
        const { status, text } = await this.http(request);
        if (status >= 300) throw new Error(`given ${request.url}: ${status} ${text.slice(0, 2000)}`);
      }
    };
    return {
      when: (request) =>
        new Asking(async () => {
          await before();
          return this.http(request);
        }),
    };
  }

  when(request: TestRequest): Asking {
    return new Asking(() => this.http(request));
  }

  /** Resolves when everything recorded so far is published and applied by every model and reaction, twice in a row. */
  async settled(withinMs = 10_000): Promise<void> {
    let quiet = 0;
    const done = await eventually(async () => {
      const audits = await Promise.all(this.app.get(Contexts, { strict: false }).all.map(auditOf));
      quiet = atRest(audits) ? quiet + 1 : 0;
      return quiet >= 2 ? true : null;
    }, withinMs);
    if (!done) throw new Error(`not settled within ${withinMs} ms`);
  }

  /** The number of events that the contexts here ever recorded, including private ones. */
  async recordedSoFar(): Promise<number> {
    let recorded = 0;
    for (const { store } of this.app.get(Contexts, { strict: false }).all) {
      for (let partition = 0; partition < store.partitions; partition++) {
        recorded += (await store.account(partition)).recorded;
      }
    }
    return recorded;
  }

  /** The routes that need no key, such as `GET /healthz`. */
  get publicRoutes(): readonly string[] {
    return routesOf(this.app).flatMap((route) =>
      route.needs === 'nothing' ? [`${route.method} ${route.path}`] : [],
    );
  }

  /**
   * The other routes that answer anything but 401 `UNAUTHENTICATED` without a key or with a wrong one. Expected to be
   * empty.
   */
  async unguardedRoutes(): Promise<readonly string[]> {
    const unguarded: string[] = [];
    for (const route of routesOf(this.app).filter(({ needs }) => needs !== 'nothing')) {
      for (const key of [null, 'not-the-key']) {
        const url = route.path.replaceAll(/:\w+/g, 'x');
        const { status, body } = await this.http({ method: route.method, url, key });
        if (status !== 401 || body.code !== 'UNAUTHENTICATED')
          unguarded.push(`${route.method} ${route.path}`);
      }
    }
    return unguarded;
  }

  /** Stops the application. The adapters stay open for whoever made them. */
  close(): Promise<void> {
    return this.app.close();
  }
}

function bodyOf(type: string, text: string): unknown {
  if (/ndjson/.test(type)) {
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as unknown);
  }
  return /json/.test(type) && text !== '' ? (JSON.parse(text) as unknown) : text;
}

export const testKeys = {
  masterKey: Buffer.alloc(32, 1),
  cardKey: Buffer.alloc(32, 2),
  linkKey: Buffer.alloc(32, 3),
  adminKey: 'test-admin-key-0123456789',
};

/** Starts an application of these modules on a free port, with fixed keys and optionally the test's clock. */
export async function startApp(
  modules: (adapters: Adapters) => readonly DynamicModule[],
  adapters: Adapters,
  options: Omit<AppOptions, 'access' | 'clock' | 'secrets'> & {
    readonly now?: () => Date;
    readonly ratePerSecond?: number;
    readonly maxConnections?: number;
    readonly trustedProxies?: readonly string[] | number;
  } = {},
): Promise<TestApp> {
  const { now, ratePerSecond = 100_000, maxConnections = 10_000, trustedProxies = [], ...rest } = options;
  const config: Config = {
    port: 0,
    host: '127.0.0.1',
    dataFolder: '',
    publicUrl: 'http://library.example',
    trustedProxies,
    ratePerSecond,
    maxConnections,
    logLevel: options.logTo ? 'info' : 'silent',
  };
  const secrets = new Secrets(testKeys);
  const app = await createApp(modules(adapters), config, {
    ...rest,
    access: adapters.access,
    secrets,
    ...(now ? { clock: clockOf(now) } : {}),
  });
  await app.listen(0, '127.0.0.1');
  return new TestApp(app, await app.getUrl(), secrets.adminKey, secrets);
}

function clockOf(now: () => Date): Clock {
  return new (class extends Clock {
    now(): Date {
      return now();
    }
  })();
}
