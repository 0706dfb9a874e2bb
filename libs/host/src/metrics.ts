import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { sum } from './audit.js';
import type { Contexts, ContextStatus } from './contexts.js';

/** What Prometheus reads. Labels are names of ours: routes as declared, contexts, models; never what was asked. */
export class Metrics {
  readonly registry = new Registry();
  private readonly requests = new Histogram({
    name: 'readership_http_request_duration_seconds',
    help: 'Duration of HTTP requests by route as declared',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
    registers: [this.registry],
  });
  private readonly unpublished = new Gauge({
    name: 'readership_unpublished_events',
    help: 'Events of a context that its relay has not looked at yet',
    labelNames: ['context', 'partition'],
    registers: [this.registry],
  });
  private readonly lag = new Gauge({
    name: 'readership_model_lag_events',
    help: 'Events that a read model or reaction has not taken yet',
    labelNames: ['context', 'model', 'partition'],
    registers: [this.registry],
  });
  private readonly parked = new Gauge({
    name: 'readership_model_parked_events',
    help: 'Events that a read model could not apply, and those that wait behind them',
    labelNames: ['context', 'model', 'partition'],
    registers: [this.registry],
  });

  constructor(private readonly contexts: Contexts) {
    collectDefaultMetrics({ register: this.registry });
  }

  observe(server: FastifyInstance): void {
    server.addHook('onResponse', async (request, reply) => {
      const route = request.is404 ? 'unmatched' : (request.routeOptions.url ?? 'unmatched');
      this.requests.observe(
        { method: request.method, route, status: reply.statusCode },
        reply.elapsedTime / 1000,
      );
    });
  }

  async text(): Promise<string> {
    this.lag.reset();
    this.parked.reset();
    for (const context of this.contexts.all) await this.count(context);
    return this.registry.metrics();
  }

  private async count({ name, store, log, models, publishedIds, ownIds }: ContextStatus): Promise<void> {
    for (let partition = 0; partition < store.partitions; partition++) {
      const { scanned } = await log.lane(name, partition);
      const seen = (await store.account(partition, scanned)).recorded;
      const recorded = (await store.account(partition)).recorded;
      this.unpublished.set({ context: name, partition }, Math.max(0, recorded - seen));
      const published = sum(await log.account(partition));
      for (const [ids, total] of [
        [publishedIds, published],
        [ownIds, recorded],
      ] as const) {
        for (const model of ids) {
          const { applied, skipped, parked } = await models.checkpoint(model, partition);
          const labels = { context: name, model, partition };
          this.lag.set(labels, Math.max(0, total - applied - skipped - parked));
          this.parked.set(labels, parked);
        }
      }
    }
  }
}
