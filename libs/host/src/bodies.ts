import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ServerResponse } from 'node:http';
import { ArrivingBodies, busy, tooLarge, type BodyBounds } from './arriving-bodies.js';
import type { BatchPriority } from './batch-priority.js';
import { HttpProblem, Unreadable } from './http-problem.js';
import { batchArrayScan, NdjsonCount } from './ndjson.js';
import { mediaTypeOf } from './request.js';
import type { Route } from './routes.js';
import { checkKey, checkString, parseStrictJson } from './strict-json.js';

const mebibyte = 1024 * 1024;
const batchBytesMax = 10_000_000;
/** A smaller batch is answered faster than background work could be delayed for it. */
const batchBytesMin = 128 * 1024;
/** The most batches in progress at a time. Each may use several times its size in memory. */
const batchesMax = 4;
/** The most batches of one principal in progress, so that nobody can keep all others waiting. */
const batchesOfPrincipalMax = batchesMax / 2;
const formFieldsMax = 1000;

/** The memory of all bodies together. Those that need no key have their own, so that they cannot take that of others. */
const allBodiesBytesMax = { keyed: 64 * mebibyte, public: 16 * mebibyte } as const;
/** What one address may take of the memory of bodies that need no key. */
const ofAddressBytesMax = 4 * mebibyte;

/** A media type of bodies: how large they may be, and what becomes of their bytes. */
interface Kind {
  readonly bytesMax: number;
  /** Counts the lines of a batch while they arrive. */
  readonly counter?: () => { feed(chunk: Buffer): void };
  parse(bytes: Buffer): unknown;
}

/** A handler of a batch parses the bytes piece by piece. */
const asBytes = (bytes: Buffer): Buffer => bytes;

const kinds: Readonly<Record<string, Kind>> = {
  'application/json': { bytesMax: mebibyte, parse: parseStrictJson },
  'application/x-www-form-urlencoded': { bytesMax: mebibyte / 2, parse: parseForm },
  'application/cloudevents+json': { bytesMax: mebibyte, parse: asBytes },
  'application/x-ndjson': {
    bytesMax: batchBytesMax,
    counter: () => new NdjsonCount(),
    parse: asBytes,
  },
  'application/cloudevents-batch+json': {
    bytesMax: batchBytesMax,
    counter: batchArrayScan,
    parse: asBytes,
  },
};

/** A request whose body may be read. */
interface Admitted {
  readonly reply: FastifyReply;
  readonly route: Route;
  /** Who sent it; `null` on a public route. */
  readonly principal: string | null;
}

/** Receives and parses the bodies of requests, within bounds of size, memory and batches at a time. */
export class Bodies {
  private readonly keyed = new ArrivingBodies(allBodiesBytesMax.keyed);
  private readonly public = new ArrivingBodies(allBodiesBytesMax.public, {
    ofSenderBytesMax: ofAddressBytesMax,
  });
  private readonly admitted = new WeakMap<FastifyRequest, Admitted>();
  /** Batches in progress by principal. */
  private readonly batches = new Map<string, number>();

  constructor(private readonly priority: BatchPriority) {}

  /** Replaces the server's body parsers with ours. */
  observe(server: FastifyInstance): void {
    server.removeAllContentTypeParsers();
    for (const [type, kind] of Object.entries(kinds)) {
      server.addContentTypeParser(type, async (request: FastifyRequest) => this.received(request, kind));
    }
  }

  /** Checks the headers of a body before it is read. Throws 413, 415, or `BUSY` when too many batches are in progress. */
  admit(request: FastifyRequest, reply: FastifyReply, route: Route, principal: string | null): void {
    if (!hasBody(request)) return;
    const { headers } = request;
    const encoding = headers['content-encoding'];
    if (encoding !== undefined && encoding.trim().toLowerCase() !== 'identity') {
      throw new HttpProblem(415, 'UNSUPPORTED_CONTENT_ENCODING', 'Send the body without Content-Encoding.', {
        headers: { 'accept-encoding': 'identity' },
      });
    }
    const type = mediaTypeOf(headers['content-type']);
    const kind = route.mediaTypes.includes(type) ? kinds[type] : undefined;
    if (kind === undefined) throw unsupported(route.mediaTypes);
    const announced = Number(headers['content-length'] ?? 0);
    if (announced > kind.bytesMax) throw tooLarge();
    if (kind.counter !== undefined && announced > batchBytesMin) this.mustHaveRoom(principal);
    this.admitted.set(request, { reply, route, principal });
    // HTTP/1.0 has no such answer (RFC 9110 §10.1.1).
    if (headers.expect !== undefined && request.raw.httpVersion !== '1.0') reply.raw.writeContinue();
  }

  /** Ends the bodies that are still arriving: the process stops. */
  endArriving(): void {
    for (const bodies of [this.keyed, this.public]) bodies.endAll(stopping());
  }

  private async received(request: FastifyRequest, { bytesMax, counter, parse }: Kind): Promise<unknown> {
    const admitted = this.admitted.get(request);
    // A request that declares a type and has no body.
    if (admitted === undefined) return parse(Buffer.alloc(0));
    const count = counter?.();
    const bounds: BodyBounds = { bytesMax, ...(count ? { count: (chunk) => count.feed(chunk) } : {}) };
    const room = admitted.route.needs === 'nothing' ? this.public : this.keyed;
    const { bytes, release } = await room.receive(request.raw, bounds, request.ip);
    const { raw } = admitted.reply;
    onClose(raw, release);
    // Taken only now, so that a batch that arrives slowly keeps no other waiting.
    if (counter !== undefined && bytes.length > batchBytesMin) {
      onClose(raw, this.enter(admitted.principal));
    }
    return parse(bytes);
  }

  private mustHaveRoom(principal: string | null): void {
    const own = principal === null ? 0 : (this.batches.get(principal) ?? 0);
    if (this.priority.underWay >= batchesMax || own >= batchesOfPrincipalMax) throw busy();
  }

  /** Takes the place of a batch, which the returned function gives back. Throws `BUSY` when there is none. */
  private enter(principal: string | null): () => void {
    this.mustHaveRoom(principal);
    this.priority.enter();
    if (principal !== null) this.batches.set(principal, (this.batches.get(principal) ?? 0) + 1);
    return () => {
      this.priority.leave();
      if (principal === null) return;
      const left = this.batches.get(principal)! - 1;
      if (left === 0) this.batches.delete(principal);
      else this.batches.set(principal, left);
    };
  }
}

/** Calls back when an answer was sent or its client is gone, be it already. */
function onClose(raw: ServerResponse, callback: () => void): void {
  if (raw.closed) callback();
  else raw.once('close', callback);
}

export function stopping(): HttpProblem {
  return new HttpProblem(503, 'STOPPING', 'This instance is stopping: try again.', {
    retryAfterS: 1,
    headers: { connection: 'close' },
  });
}

/** True when a body follows the headers. */
export function hasBody({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function unsupported(types: readonly string[]): HttpProblem {
  const detail = types.length === 0 ? 'Send no body.' : `Send the body as ${types.join(' or ')}.`;
  return new HttpProblem(415, 'UNSUPPORTED_MEDIA_TYPE', detail);
}

/**
 * Parses a form into a plain object of strings. Throws `Unreadable` for a field given twice, too many fields, or bytes
 * that are not UTF-8.
 */
export function parseForm(bytes: Buffer): Record<string, string> {
  const form: Record<string, string> = {};
  const pairs = bytes.toString('latin1').split('&', formFieldsMax + 1);
  if (pairs.length > formFieldsMax) throw new Unreadable('TOO_MANY_FIELDS', 'Send at most 1,000 fields.');
  for (const pair of pairs) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    const name = unescape(at < 0 ? pair : pair.slice(0, at));
    checkKey(name);
    if (Object.hasOwn(form, name)) throw new Unreadable('REPEATED_FIELD', 'Give each field once.');
    form[name] = at < 0 ? '' : unescape(pair.slice(at + 1));
  }
  return form;
}

function unescape(text: string): string {
  let plain: string;
  try {
    plain = decodeURIComponent(escapeHigh(text.replaceAll('+', ' ')));
  } catch {
    throw new Unreadable('NOT_UTF8', 'Send a form encoded as UTF-8.');
  }
  checkString(plain);
  return plain;
}

/** Escapes bytes over 127 that came without escape, so that one decoder checks everything. */
function escapeHigh(text: string): string {
  return text.replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16)}`);
}
