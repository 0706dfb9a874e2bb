import type { FastifyInstance } from 'fastify';

/**
 * Ends the connection of a client that has not taken an answer within this time of its being ready. Node's own timeouts
 * begin anew with every byte that is taken, so a client that reads a little at a time could hold an answer for ever.
 */
export function dropSlowReaders(server: FastifyInstance, withinMs: number): void {
  server.addHook('onSend', async (_request, reply) => {
    const { raw } = reply;
    const timer = setTimeout(() => raw.destroy(), withinMs).unref();
    raw.once('close', () => clearTimeout(timer));
  });
}
