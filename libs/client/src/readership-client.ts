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

/** What became of one line of a batch. */
export interface LineOutcome {
  readonly line: number;
  readonly outcome: 'recorded' | 'already-recorded' | 'refused';
  readonly id?: string;
  readonly code?: string;
  readonly detail?: string;
  /** JSON pointer into the line, to the field at fault, when one is. */
  readonly pointer?: string;
}

/** An answer outside 2xx that trying again did not change. */
export class RequestRefused extends Error {
  override readonly name = 'RequestRefused';

  constructor(
    readonly status: number,
    /** Stable code of the problem document, or `HTTP_<status>`. */
    readonly code: string,
    detail: string,
  ) {
    super(`${code}: ${detail}`);
  }
}

export interface Answered<T> {
  readonly status: number;
  readonly body: T;
  /** Give it as `after` to a read, to see this write in it. */
  readonly position: string | null;
  readonly etag: string | null;
}

export const linesPerBatchMax = 10_000;
const attemptsMax = 8;
const pauseMsMax = 10_000;

/**
 * What branch systems send with. Every call may be repeated by the client itself: it waits and tries again, at most eight
 * times, when the server is away, overloaded or not yet ready (connection lost, 429, 503), and never otherwise.
 */
export class ReadershipClient {
  constructor(
    private readonly baseUrl: string,
    private readonly key: string,
  ) {}

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

  /** Sends up to 10,000 lines of JSON; resolves to the outcome of each, in order. */
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
    for (let attempt = 1; ; attempt++) {
      let response: Response | null = null;
      try {
        response = await fetch(new URL(path, this.baseUrl), {
          method,
          headers: {
            authorization: `Bearer ${this.key}`,
            ...(content.type === undefined ? {} : { 'content-type': content.type }),
          },
          ...(content.body === undefined ? {} : { body: content.body }),
        });
      } catch (error) {
        if (attempt === attemptsMax) throw error;
      }
      if (response?.ok) return response;
      if (response && (attempt === attemptsMax || (response.status !== 429 && response.status !== 503))) {
        throw await refusedBy(response);
      }
      const asked = Number(response?.headers.get('retry-after') ?? 0) * 1000;
      await response?.arrayBuffer();
      await new Promise((resume) =>
        setTimeout(resume, Math.min(pauseMsMax, Math.max(asked, 100 * 2 ** attempt))),
      );
    }
  }
}

async function refusedBy(response: Response): Promise<RequestRefused> {
  const text = await response.text();
  try {
    const problem = JSON.parse(text) as { code?: string; detail?: string };
    return new RequestRefused(
      response.status,
      problem.code ?? `HTTP_${response.status}`,
      problem.detail ?? '',
    );
  } catch {
    return new RequestRefused(response.status, `HTTP_${response.status}`, response.statusText);
  }
}
