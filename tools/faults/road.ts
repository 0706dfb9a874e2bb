import { connect, createServer, type Socket } from 'node:net';

/** A way to a server that a client takes for the server itself. */
export interface Road {
  readonly port: number;
  /** From now on requests get through and replies do not: whoever asked never learns what became of it. */
  loseReplies(): void;
  /** Ends the connections on which replies were lost; new ones are whole. */
  mend(): void;
  close(): void;
}

/** `port` 0 takes a free one. */
export async function roadTo(serverPort: number, port = 0): Promise<Road> {
  const sockets = new Set<Socket>();
  let losing = false;
  const drop = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const keep = (socket: Socket, other: Socket): void => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      sockets.delete(socket);
      other.destroy();
    });
  };
  const server = createServer((near) => {
    const far = connect(serverPort, '127.0.0.1');
    keep(near, far);
    keep(far, near);
    near.on('data', (bytes) => void far.write(bytes));
    far.on('data', (bytes) => {
      if (!losing) near.write(bytes);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a road has a port');
  return {
    port: address.port,
    loseReplies: () => {
      losing = true;
    },
    mend: () => {
      losing = false;
      drop();
    },
    close: () => {
      server.close();
      drop();
    },
  };
}
