import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { failureOfStatus, problemDocument } from './problem.js';
import { securityHeaders } from './security-headers.js';

/** An error of Node's HTTP parser. */
interface ParserError extends Error {
  readonly code?: string;
  /** The bytes that it could not read. */
  readonly rawPacket?: unknown;
}

/** How long the client has to read the answer before the connection is closed. */
const lingerMs = 500;

const answered = new WeakSet<Socket>();

/** Answers what never became a request, or broke in the middle of its body, with a problem, and closes the connection. */
export function answerBrokenRequest(error: ParserError, socket: Socket): void {
  if (answered.has(socket)) return;
  const underWay = (socket as { _httpMessage?: ServerResponse | null })._httpMessage;
  if (error.code === 'ECONNRESET' || !socket.writable || underWay?.headersSent) {
    socket.destroy();
    return;
  }
  answerOn(socket, statusOf(error));
}

/** Answers on the connection itself what Node keeps from the routes: tunnels, and expectations that nobody can meet. */
export function answerUnroutable(server: Server): void {
  server.on('connect', (_request: IncomingMessage, socket: Socket) => answerOn(socket, 501));
  server.on('checkExpectation', (request: IncomingMessage) => answerOn(request.socket, 417));
  // The body is asked for once the request has passed the checks that need none of it.
  server.on('checkContinue', (request, response) => void server.emit('request', request, response));
}

function answerOn(socket: Socket, status: number): void {
  answered.add(socket);
  const document = problemDocument(failureOfStatus(status), '/', randomUUID());
  const body = JSON.stringify(document);
  const headers = {
    ...securityHeaders,
    'cache-control': 'no-store',
    connection: 'close',
    'content-type': 'application/problem+json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    date: new Date().toUTCString(),
  };
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.on('error', () => socket.destroy());
  // Closed at once, the connection would be reset by what is still arriving, and the client would lose the answer.
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head.join('')}\r\n${body}`, () => {
    setTimeout(() => socket.destroy(), lingerMs).unref();
  });
}

function statusOf({ code, rawPacket }: ParserError): number {
  const packet = Buffer.isBuffer(rawPacket) ? rawPacket : Buffer.alloc(0);
  const line = packet.toString('latin1', 0, 8192).split('\r\n', 1)[0]!;
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 408;
    case 'HPE_HEADER_OVERFLOW':
      return line.length === 8192 && /^[A-Z]+ /.test(line) ? 414 : 431;
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return 413;
    case 'HPE_INVALID_METHOD':
      return /^[A-Za-z-]+ \S+ HTTP\/\d/.test(line) ? 501 : 400;
    case 'HPE_INVALID_VERSION':
    case 'HPE_PAUSED_H2_UPGRADE':
      return 505;
    default:
      return 400;
  }
}
