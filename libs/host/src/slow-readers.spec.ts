import { fastify } from 'fastify';
import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { dropSlowReaders } from './slow-readers.js';

/** More than the buffers of two sockets take, so that the answer waits for its reader. */
const large = Buffer.alloc(64 * 1024 * 1024, 'a');

it('a client that does not read its answer loses the connection, and one that reads it does not', async () => {
  const server = fastify();
  let drop!: () => void;
  const dropped = new Promise<void>((resolve) => (drop = resolve));
  dropSlowReaders(server, 500);
  server.get('/large', (_request, reply) => {
    reply.raw.once('close', drop);
    return reply.send(large);
  });
  server.get('/small', () => 'all of it');
  await server.listen({ port: 0, host: '127.0.0.1' });
  const { port } = server.server.address() as AddressInfo;
  const [slow, quick] = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
  try {
    const ask = (path: string) => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`;
    slow.on('error', () => undefined);
    slow.pause().write(ask('/large'));
    quick.write(ask('/small'));
    expect(String((await once(quick, 'data'))[0])).toContain('all of it');
    await dropped;
    let taken = 0;
    slow.on('data', (bytes: Buffer) => (taken += bytes.length)).resume();
    await once(slow, 'close');
    expect(taken).toBeLessThan(large.length);
    // The connection of the quick reader is still there, and takes another request.
    quick.write(ask('/small'));
    expect(String((await once(quick, 'data'))[0])).toContain('all of it');
  } finally {
    slow.destroy();
    quick.destroy();
    await server.close();
  }
});
