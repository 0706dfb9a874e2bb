import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A TCP proxy before one server, for the cluster suites and fault tests: it can refuse, fall silent and lose replies. */
export interface FaultProxy {
  /** The server's address through this proxy. */
  readonly url: string;
  readonly port: number;
  /** Ends every connection and refuses new ones. */
  cut(): void;
  /** Keeps connections open and lets nothing through. */
  silence(): void;
  /** From now on requests pass and replies do not, so the client never learns the outcome of its request. */
  loseReplies(): void;
  /** Lets new traffic through, also on the connections that were silent. */
  openAgain(): void;
  /** Ends every connection and lets new ones through. */
  mend(): void;
  close(): void;
}

/** Listens on port `at`; 0 takes a free one. */
export async function faultProxyTo(serverUrl: string, at = 0): Promise<FaultProxy> {
  const { protocol, hostname, port } = new URL(serverUrl);
  const sockets = new Set<Socket>();
  let state: 'open' | 'cut' | 'silent' | 'losing' = 'open';
  const drop = (): void => sockets.forEach((socket) => void socket.destroy());
  const server = createServer((near) => {
    if (state === 'cut') return void near.destroy();
    const far = connect(Number(port), hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.setNoDelay(true);
      from.on('error', () => undefined);
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      from.on('data', (bytes) => {
        if (state === 'open' || (state === 'losing' && from === near)) to.write(bytes);
      });
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(at, '127.0.0.1', resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    url: `${protocol}//127.0.0.1:${address.port}`,
    port: address.port,
    cut: () => {
      state = 'cut';
      drop();
    },
    silence: () => {
      state = 'silent';
    },
    loseReplies: () => {
      state = 'losing';
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
