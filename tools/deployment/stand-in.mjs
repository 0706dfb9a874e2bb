import { createServer } from 'node:http';

/** What reached the stand-ins: bytes of bodies, and requests that they do not answer. */
export const reached = { bytes: 0, slow: 0 };

/**
 * Answers with its name and with what reached it: as the services do, 401 to a body without a key before it reads any of
 * it, and to a request for `/v1/…/slow` nothing.
 */
export function standIn(service) {
  return createServer((request, response) => {
    if (request.method === 'POST' && request.headers.authorization === undefined) {
      response.writeHead(401, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ service }));
      return;
    }
    if (request.url.endsWith('/slow')) {
      reached.slow++;
      return;
    }
    let bytes = 0;
    request.on('data', (chunk) => {
      bytes += chunk.length;
      reached.bytes += chunk.length;
    });
    request.on('end', () => {
      response.writeHead(request.url === '/v1/patrons/none' ? 404 : 200, {
        'content-type': 'application/json',
      });
      response.end(JSON.stringify({ service, url: request.url, bytes, headers: request.headers }));
    });
  });
}
