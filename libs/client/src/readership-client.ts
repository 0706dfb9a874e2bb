import type { InteractionKind } from '@readership/contracts';

/** A CloudEvent as `POST /v1/interactions` takes it. `time` is RFC 3339. */
export interface InteractionEvent {
  readonly specversion: '1.0';
  readonly type: 'org.readership.interaction.v1';
  readonly source: string;
  readonly id: string;
  readonly time: string;
  readonly data: {
    readonly kind: InteractionKind;
    readonly branch: string;
    readonly card?: string;
    readonly patronId?: string;
    readonly quantity?: number;
    readonly startedBy?: 'patron' | 'library';
    readonly channel?: string;
    readonly readScale?: number;
    readonly digital?: boolean;
    readonly details?: string;
  };
}

/** The outcome of one line of a batch. */
export interface LineOutcome {
  readonly line: number;
  readonly outcome: 'recorded' | 'already-recorded' | 'refused';
  readonly id?: string;
  readonly code?: string;
  readonly detail?: string;
  /** JSON pointer to the field at fault in the line, if there is one. */
  readonly pointer?: string;
}

/** One field that is wrong, by its JSON pointer in the body that was sent. */
export interface FieldError {
  readonly pointer: string;
  readonly code: string;
  readonly detail: string;
}

/** An answer outside 2xx that retries did not change. */
export class RequestRefused extends Error {
  override readonly name = 'RequestRefused';

  constructor(
    readonly status: number,
    /** Stable code of the problem document, or `HTTP_<status>`. */
    readonly code: string,
    detail: string,
    /** What is wrong with which field, if the answer says so. */
    readonly errors: readonly FieldError[] = [],
  ) {
    super(`${code}: ${detail}`);
  }
}

/** Nobody answered, or the connection was lost again and again. `cause` is the error of the network. */
export class NotConnected extends Error {
  override readonly name = 'NotConnected';

  constructor(
    /** The address that was tried, without path and query. */
    readonly address: string,
    override readonly cause: unknown,
  ) {
    super(
      `${address} cannot be reached (${reasonOf(cause)}): check the address, and whether Readership runs there.`,
    );
  }
}

export interface Answered<T> {
  readonly status: number;
  readonly body: T;
  /** Pass it as `after` to a read that must include this write. */
  readonly position: string | null;
  readonly etag: string | null;
}

export const linesPerBatchMax = 10_000;
const pauseMsMax = 10_000;

export interface ClientOptions {
  /** How long a call is retried while answers say to ask again; two minutes by default. */
  readonly patienceMs?: number;
  /** How often in a row a lost connection is tried; eight times by default. */
  readonly attempts?: number;
}

/**
 * The client that branch systems send with. It retries a call for two reasons only: the connection is lost, up to eight
 * times in a row, or the server says to ask again (429, 503: overloaded, not yet ready, database unavailable), for
 * `patienceMs` at most. It never asks sooner than `Retry-After` says. Calls reject with `RequestRefused` or `NotConnected`.
 */
export class ReadershipClient {
  private readonly patienceMs: number;
  private readonly attempts: number;

  constructor(
    private readonly baseUrl: string,
    private readonly key: string,
    { patienceMs = 120_000, attempts = 8 }: ClientOptions = {},
  ) {
    if (!/^https?:$/.test(URL.canParse(baseUrl) ? new URL(baseUrl).protocol : ''))
      throw new Error(`${baseUrl} is no address of a service: give one such as http://127.0.0.1:8080.`);
    this.patienceMs = patienceMs;
    this.attempts = attempts;
  }

  async send<T = unknown>(method: string, path: string, body?: unknown): Promise<Answered<T>> {
    const response = await this.request(method, path, {
      ...(body === undefined ? {} : { body: JSON.stringify(body), type: 'application/json' }),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: (text === '' ? null : JSON.parse(text)) as T,
      position: response.headers.get('readership-position'),
      etag: response.headers.get('etag'),
    };
  }

  /** Sends up to 10,000 lines of JSON. Resolves to the outcome of each, in order. */
  async sendLines(path: string, lines: readonly object[]): Promise<readonly LineOutcome[]> {
    if (lines.length === 0) return [];
    const body = lines.map((line) => JSON.stringify(line)).join('\n');
    const response = await this.request('POST', path, { body, type: 'application/x-ndjson' });
    const text = await response.text();
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as LineOutcome);
  }

  recordMany(events: readonly InteractionEvent[]): Promise<readonly LineOutcome[]> {
    return this.sendLines('/v1/interactions/batch', events);
  }

  private async request(
    method: string,
    path: string,
    content: { readonly body?: string; readonly type?: string },
  ): Promise<Response> {
    const until = Date.now() + this.patienceMs;
    let lost = 0;
    for (let pauseMs = 200; ; pauseMs = Math.min(2 * pauseMs, pauseMsMax)) {
      let waitMs = pauseMs;
      try {
        const response = await this.fetched(method, path, content);
        if (response.ok) return response;
        waitMs = Math.max(pauseMs, askedToWaitMs(response));
        const isPutOff = response.status === 429 || response.status === 503;
        if (!isPutOff || Date.now() + waitMs > until) throw await refusedBy(response);
        await response.arrayBuffer();
        lost = 0;
      } catch (error) {
        if (error instanceof RequestRefused) throw error;
        if (++lost === this.attempts) throw new NotConnected(new URL(this.baseUrl).origin, error);
      }
      await new Promise((resume) => setTimeout(resume, waitMs));
    }
  }

  private fetched(
    method: string,
    path: string,
    { body, type }: { readonly body?: string; readonly type?: string },
  ): Promise<Response> {
    return fetch(new URL(path, this.baseUrl), {
      method,
      headers: {
        authorization: `Bearer ${this.key}`,
        ...(type === undefined ? {} : { 'content-type': type }),
      },
      ...(body === undefined ? {} : { body }),
    });
  }
}

/** `Retry-After` in seconds. A date is ignored, because our servers never send one. */
function askedToWaitMs({ headers }: Response): number {
  const seconds = Number(headers.get('retry-after') ?? 0);
  return Number.isFinite(seconds) ? seconds * 1000 : 0;
}

async function refusedBy(response: Response): Promise<RequestRefused> {
  const text = await response.text();
  try {
    const problem = JSON.parse(text) as { code?: string; detail?: string; errors?: FieldError[] };
    return new RequestRefused(
      response.status,
      problem.code ?? `HTTP_${response.status}`,
      problem.detail ?? '',
      Array.isArray(problem.errors) ? problem.errors : [],
    );
  } catch {
    return new RequestRefused(response.status, `HTTP_${response.status}`, response.statusText);
  }
}

/** `ECONNREFUSED`, `ENOTFOUND` …; fetch hides it in the cause of its own error. */
function reasonOf(error: unknown): string {
  const { cause } = error as { readonly cause?: unknown };
  const code = (cause as { readonly code?: unknown } | undefined)?.code;
  if (typeof code === 'string') return code;
  if (cause instanceof Error) return cause.message;
  return error instanceof Error ? error.message : String(error);
}
