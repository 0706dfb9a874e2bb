import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { ContextAudit } from '@readership/client';
import { contextNames } from '@readership/contracts';
import { inequalities } from '../cli/audit.js';

/** The URL of a Readership, and a key for everything. */
export interface Address {
  readonly url: string;
  readonly key: string;
}

export interface Request {
  /** Defaults to `POST` when there is a body, else `GET`. */
  readonly method?: string;
  readonly path: string;
  /** An object is sent as JSON. Text or bytes are sent as they are, with the `content-type` given in `headers`. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** `false` sends no key. */
  readonly withKey?: boolean;
}

export interface Heard {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed when it is JSON, an array of parsed lines when it is NDJSON, else text. */
  readonly body: any;
  readonly text: string;
}

/** A library of one theme, whose branches and cards nobody else uses. */
export interface Place {
  readonly library: string;
  /** The scope of the figures about it. */
  readonly scope: string;
  /** Appended to everything that must be unique. */
  readonly suffix: string;
  branch(name: string): string;
}

export interface FiguresQuestion {
  readonly scope: string;
  readonly from: string;
  readonly to: string;
  readonly grain?: 'month' | 'quarter' | 'year';
  readonly year?: 'fiscal';
  readonly compare?: 'previous' | 'year';
  readonly after?: string;
}

const settledWithinMs = 60_000;
const asksMax = 6;

/** The client through which the scenario uses a Readership. */
export class Readership {
  constructor(private readonly address: Address) {}

  async send(request: Request): Promise<Heard> {
    const { body, withKey = true } = request;
    const raw = typeof body === 'string' || body instanceof Uint8Array;
    const response = await fetch(this.address.url + request.path, {
      method: request.method ?? (body === undefined ? 'GET' : 'POST'),
      redirect: 'manual',
      headers: {
        ...(withKey ? { authorization: `Bearer ${this.address.key}` } : {}),
        ...(body === undefined || raw ? {} : { 'content-type': 'application/json' }),
        ...request.headers,
      },
      ...(body === undefined ? {} : { body: raw ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const type = response.headers.get('content-type') ?? '';
    return { status: response.status, headers: response.headers, text, body: bodyOf(type, text) };
  }

  /** Writes, which must succeed. Resolves to the answer and its position, which is empty when the answer has none. */
  async tell(path: string, body: object, method = 'POST'): Promise<Heard & { readonly after: string }> {
    const heard = await this.send({ path, body, method });
    assert.ok(heard.status < 300, `${method} ${path}: ${heard.status} ${heard.text.slice(0, 500)}`);
    return { ...heard, after: heard.headers.get('readership-position') ?? '' };
  }

  /** Sends a line for each object. Resolves to the outcomes. */
  async tellLines(path: string, lines: readonly object[]): Promise<any[]> {
    const body = lines.map((line) => JSON.stringify(line)).join('\n');
    const heard = await this.send({ path, body, headers: { 'content-type': 'application/x-ndjson' } });
    assert.equal(heard.status, 200, heard.text.slice(0, 500));
    return heard.body as any[];
  }

  /** Reads, which must succeed, once what it waits for is applied. */
  async ask(path: string): Promise<any> {
    for (let asked = 1; ; asked++) {
      const heard = await this.send({ path });
      if (heard.status === 200) return heard.body;
      const notYet = heard.status === 503 && heard.body.code === 'NOT_YET_APPLIED';
      if (!notYet || asked === asksMax) assert.fail(`${path}: ${heard.status} ${heard.text.slice(0, 500)}`);
    }
  }

  /** Fails unless the answer is a problem with this status and code. */
  async refuses(request: Request, status: number, code: string): Promise<Heard> {
    const heard = await this.send(request);
    assert.deepEqual(
      [heard.status, heard.body?.code, heard.body?.status],
      [status, code, status],
      `${request.path}: ${heard.text.slice(0, 500)}`,
    );
    assert.match(heard.headers.get('content-type') ?? '', /^application\/problem\+json/);
    assert.doesNotMatch(heard.text, /\\n\s+at |\.[tj]s:|node_modules/);
    return heard;
  }

  /** A metric's answer. When a write had no position, this waits for everything. */
  async metric(name: string, question: FiguresQuestion): Promise<any> {
    const { after, ...rest } = question;
    if (after === '') await this.settled();
    const query = new URLSearchParams({ ...rest, ...(after === undefined || after === '' ? {} : { after }) });
    return this.ask(`/v1/metrics/${name}?${query}`);
  }

  /** The values of a metric, in order. */
  async figures(name: string, question: FiguresQuestion): Promise<readonly (number | null)[]> {
    return valuesOf((await this.metric(name, question)).points);
  }

  async accounts(): Promise<readonly ContextAudit[]> {
    return Promise.all(
      contextNames.map(
        async (context) => (await this.ask(`/v1/audit/log?context=${context}`)) as ContextAudit,
      ),
    );
  }

  /** Resolves when everything recorded is published and taken by every model and reaction, and nothing has come since. */
  async settled(): Promise<readonly ContextAudit[]> {
    const until = Date.now() + settledWithinMs;
    let before = '';
    for (;;) {
      const accounts = await this.accounts();
      const found = inequalities(accounts);
      const now = JSON.stringify(accounts.map(({ partitions }) => partitions));
      if (found.length === 0 && now === before) return accounts;
      if (Date.now() > until) assert.fail(`not settled: ${found.slice(0, 5).join('; ')}`);
      before = found.length === 0 ? now : '';
      await pause(20);
    }
  }

  /** Adds a new library with these branches and waits until every context knows them. */
  async open(name: string, branches: readonly string[]): Promise<Place> {
    const suffix = randomBytes(4).toString('hex').toUpperCase();
    const library = `${name}-${suffix}`;
    const branch = (of: string): string => `${of}-${suffix}`;
    await this.tell('/v1/libraries', { id: library, name });
    for (const of of branches) {
      await this.tell('/v1/branches', { id: branch(of), name: of, library, timeZone: 'Europe/Berlin' });
    }
    await this.settled();
    return { library, scope: `library:${library}`, suffix, branch };
  }
}

export function valuesOf(points: readonly { readonly value: number | null }[]): (number | null)[] {
  return points.map(({ value }) => value);
}

/** A CloudEvent of the morning of a day. */
export function interaction(id: string, day: string, data: object) {
  return {
    specversion: '1.0',
    source: '/scenario',
    id,
    type: 'org.readership.interaction.v1',
    time: `${day}T10:00:00+01:00`,
    data: { kind: 'loan', ...data },
  };
}

/** The UTC day `days` from now; negative for the past. */
export function dayFromNow(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
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
