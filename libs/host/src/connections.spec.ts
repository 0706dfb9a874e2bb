import Fastify from 'fastify';
import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Connections } from './connections.js';

it('a connection that was made after the process began to stop is closed too, when there was none in between', async () => {
  const server = Fastify();
  const connections = new Connections();
  connections.observe(server);
  server.addHook('onRequest', async (_, reply) => reply.code(503).send('stopping'));
  server.get('/', async () => 'never');
  await server.listen({ port: 0, host: '127.0.0.1' });
  const { port } = server.server.address() as AddressInfo;
  connections.endResting();
  // Several sweeps find no connection at all.
  await pause(500);
  const gateway = connect(port, '127.0.0.1').setEncoding('utf8');
  await once(gateway, 'connect');
  const closed = once(gateway, 'close');
  let answers = '';
  gateway.on('data', (text: string) => (answers += text));
  const asking = setInterval(() => void gateway.write('GET / HTTP/1.1\r\nHost: readership\r\n\r\n'), 50);
  await closed;
  clearInterval(asking);
  expect(answers).toMatch(/^HTTP\/1.1 503/);
  await server.close();
}, 20_000);
