import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Socket } from 'node:net';

/** How long a connection may stay, once the process stops, after the last answer on it was handed over. */
const graceMs = 2000;
const sweepEveryMs = 100;

/**
 * The open connections. When the process stops, those are closed on which no handler works: idle ones, ones whose
 * request is still arriving, and ones whose client does not read its answer.
 */
export class Connections {
  /** When the last answer was handed over, or the connection was made. */
  private readonly restingSince = new Map<Socket, number>();
  private readonly working = new Map<Socket, number>();
  private sweep: NodeJS.Timeout | undefined;

  observe(server: FastifyInstance): void {
    server.server.once('close', () => clearInterval(this.sweep));
    server.server.on('connection', (socket: Socket) => {
      this.restingSince.set(socket, performance.now());
      socket.once('close', () => {
        this.restingSince.delete(socket);
        this.working.delete(socket);
      });
    });
    const begun = new WeakSet<FastifyRequest>();
    server.addHook('preHandler', async (request) => {
      begun.add(request);
      this.working.set(request.socket, (this.working.get(request.socket) ?? 0) + 1);
    });
    server.addHook('onSend', async (request) => {
      if (begun.delete(request)) this.answered(request.socket);
    });
  }

  /**
   * Closes the connections on which no handler works, now and as their handlers end, until the server is closed. New
   * ones come until then, and a gateway would keep using them.
   */
  endResting(): void {
    const stoppedAt = performance.now();
    this.sweep = setInterval(() => {
      const before = performance.now() - graceMs;
      for (const [socket, since] of this.restingSince) {
        if (!this.working.has(socket) && Math.max(since, stoppedAt) <= before) socket.destroy();
      }
    }, sweepEveryMs).unref();
  }

  private answered(socket: Socket): void {
    const others = (this.working.get(socket) ?? 0) - 1;
    if (others > 0) this.working.set(socket, others);
    else this.working.delete(socket);
    if (this.restingSince.has(socket)) this.restingSince.set(socket, performance.now());
  }
}
