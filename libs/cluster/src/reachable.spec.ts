import { Unavailable } from '@readership/kernel';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { reachable } from './reachable.js';

/** A socket to a server that has ended its side. */
async function halfClosed(): Promise<Socket> {
  const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await new Promise((resolve) => socket.resume().once('end', resolve));
  server.close();
  return socket;
}

it('tells that the store is unavailable when a command is written to a socket that the server has ended', async () => {
  const socket = await halfClosed();
  // As the driver does: it waits for the socket to take the rest, and passes on with what that fails.
  const findOne = (): Promise<never> =>
    new Promise((_, reject) => socket.once('error', reject).write('a command'));
  const told = await reachable({ findOne }, 1_000)
    .findOne()
    .catch((error: unknown) => error);
  expect(told).toBeInstanceOf(Unavailable);
  expect(told).toMatchObject({ code: 'STORE_UNAVAILABLE', message: expect.stringContaining('EPIPE') });
});

it('passes on what is no matter of the connection', async () => {
  const wrong = Object.assign(new Error('wrong'), { code: 'ENOENT' });
  await expect(reachable({ findOne: () => Promise.reject(wrong) }, 1_000).findOne()).rejects.toBe(wrong);
});
