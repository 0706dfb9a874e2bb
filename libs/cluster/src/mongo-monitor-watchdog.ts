import type { mongo } from 'mongoose';

/**
 * Reconnects when the driver has stopped monitoring a server. The driver's monitor waits for ever for a check that it
 * began on a socket that had just closed. This happens when all connections end at once and the server does not stream
 * its state. From then on no operation finds the server, although it is there.
 */
export class MongoMonitorWatchdog {
  private readonly looks = new Map<string, NodeJS.Timeout>();
  private ended = false;

  constructor(
    private readonly client: mongo.MongoClient,
    private readonly lookMaxMs: number,
  ) {
    const over = ({ connectionId }: { readonly connectionId: string }): void => this.over(connectionId);
    client.on('serverHeartbeatStarted', ({ connectionId }) => this.begun(connectionId));
    client.on('serverHeartbeatSucceeded', over);
    client.on('serverHeartbeatFailed', over);
    client.on('serverClosed', ({ address }) => this.over(address));
  }

  end(): void {
    this.ended = true;
    for (const server of this.looks.keys()) this.over(server);
  }

  private begun(server: string): void {
    this.over(server);
    if (this.ended) return;
    this.looks.set(server, setTimeout(() => void this.connectAnew(), this.lookMaxMs).unref());
  }

  private over(server: string): void {
    clearTimeout(this.looks.get(server));
    this.looks.delete(server);
  }

  /** Running operations fail, as with any lost connection. Later ones wait for the new connection. */
  private async connectAnew(): Promise<void> {
    await this.client.close(true).catch(() => undefined);
    for (let connected = false; !connected && !this.ended;) {
      connected = await this.client.connect().then(
        () => true,
        () => false,
      );
    }
  }
}
