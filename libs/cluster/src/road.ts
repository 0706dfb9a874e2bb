import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A way to a server for the cluster suites, which can be cut and can fall silent. */
export interface Road {
  /** The server's address by this way. */
  readonly url: string;
  /** Ends every connection and refuses new ones. */
  cut(): void;
  /** Keeps connections open, and lets nothing through. */
  silence(): void;
  /** Lets through what comes from now on, also on the connections that were silent. */
  openAgain(): void;
  /** Ends every connection, and lets new ones through. */
  mend(): void;
  close(): void;
}

export async function roadTo(serverUrl: string): Promise<Road> {
  const { protocol, hostname, port } = new URL(serverUrl);
  const sockets = new Set<Socket>();
  let state: 'open' | 'cut' | 'silent' = 'open';
  const drop = (): void => sockets.forEach((socket) => void socket.destroy());
  const server = createServer((near) => {
    if (state === 'cut') return void near.destroy();
    const far = connect(Number(port), hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('error', () => undefined);
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      from.on('data', (bytes) => {
        if (state === 'open') to.write(bytes);
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `${protocol}//127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut: () => {
      state = 'cut';
      drop();
    },
    silence: () => {
      state = 'silent';
    },
    openAgain: () => {
      state = 'open';
    },
    mend: () => {
      state = 'open';
      drop();
    },
    close: () => {
      server.close();
      drop();
    },
  };
}
