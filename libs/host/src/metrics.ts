import { Unavailable, type TopicLag } from '@readership/kernel';
import type { FastifyInstance } from 'fastify';
import { setTimeout as pause } from 'node:timers/promises';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Contexts, ContextStatus } from './contexts.js';
import type { ExpectedRetries } from './expected-retries.js';

/** Prometheus waits for ten seconds by default. */
const countingMaxMs = 5_000;

/**
 * The metrics that Prometheus reads. Labels are our own names, such as declared routes, contexts and models; never
 * anything from a request.
 */
export class Metrics {
  readonly registry = new Registry();
  private readonly requests = new Histogram({
    name: 'readership_http_request_duration_seconds',
    help: 'Duration of HTTP requests by declared route',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
    registers: [this.registry],
  });
  private readonly unpublished = new Gauge({
    name: 'readership_unpublished_events',
    help: 'Events of a context that its relay has not read yet',
    labelNames: ['context', 'partition'],
    registers: [this.registry],
  });
  private readonly lag = new Gauge({
    name: 'readership_model_lag_events',
    help: 'Events that a read model or reaction has not processed yet',
    labelNames: ['context', 'model', 'partition'],
    registers: [this.registry],
  });
  private readonly parked = new Gauge({
    name: 'readership_model_parked_events',
    help: 'Events that a read model could not apply, and later events of the same keys',
    labelNames: ['context', 'model', 'partition'],
    registers: [this.registry],
  });

  private readonly lagSeconds = new Gauge({
    name: 'readership_model_lag_seconds',
    help: 'Age of the oldest record that the read models and reactions of a context are processing, 0 if there is none',
    labelNames: ['context', 'partition'],
    registers: [this.registry],
  });
  private readonly unpublishedAge = new Gauge({
    name: 'readership_unpublished_age_seconds',
    help: 'Age of the oldest event that the relay of this instance is publishing, 0 if there is none',
    labelNames: ['context', 'partition'],
    registers: [this.registry],
  });
  private readonly halted = new Gauge({
    name: 'readership_partition_halted',
    help: '1 if a partition is halted until an operator acts: a gap, a cut log, or too many parked records',
    labelNames: ['context', 'partition'],
    registers: [this.registry],
  });

  private readonly jobs = new Gauge({
    name: 'readership_jobs',
    help: 'Jobs of a context that have not ended: they wait, run, or are parked',
    labelNames: ['context', 'queue', 'state'],
    registers: [this.registry],
  });
  private readonly jobFailures = new Counter({
    name: 'readership_job_failures_total',
    help: 'How often a job failed in this instance (run), or the store did not take its outcome (end); both are retried',
    labelNames: ['context', 'queue', 'step'],
    registers: [this.registry],
  });
  private readonly unreadable = new Counter({
    name: 'readership_unreadable_events_total',
    help: 'Reads of stored events that failed for the whole event or its personal part; each read counts',
    labelNames: ['context', 'cause'],
    registers: [this.registry],
  });

  private readonly ingestLag = new Gauge({
    name: 'readership_ingest_lag_records',
    help: 'Records on a topic that are neither recorded nor parked yet',
    labelNames: ['topic', 'partition'],
    registers: [this.registry],
  });
  private readonly ingestLagSeconds = new Gauge({
    name: 'readership_ingest_lag_seconds',
    help: 'Age of the first record of a topic that this instance is processing, by the timestamp of its sender or the broker',
    labelNames: ['topic', 'partition'],
    registers: [this.registry],
  });
  private topicLags: () => Promise<readonly TopicLag[]> = async () => [];

  constructor(
    private readonly contexts: Contexts,
    retries: ExpectedRetries,
  ) {
    this.registry.registerMetric(retries.counter);
    // A timer of this many milliseconds measures how late the event loop is; the usual 10 are a third of what an idle service costs.
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: 100 });
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

  /** Sets the source of the lag on the topics that the application listens to. */
  watchTopics(lags: () => Promise<readonly TopicLag[]>): void {
    this.topicLags = lags;
  }

  /** The metrics as text. A metric that cannot be read because a server is unavailable is left out. */
  async text(): Promise<string> {
    for (const gauge of [
      this.unpublished,
      this.lag,
      this.parked,
      this.jobs,
      this.jobFailures,
      this.ingestLag,
      this.ingestLagSeconds,
    ])
      gauge.reset();
    this.unreadable.reset();
    for (const context of this.contexts.all) {
      this.look(context);
    }
    const counting = [...this.contexts.all.map((context) => this.count(context)), this.countTopics()];
    await Promise.all(counting.map(unlessAway));
    return this.registry.metrics();
  }

  private look(context: ContextStatus): void {
    for (const { queue, step, times } of context.jobWorkers.allFailures())
      this.jobFailures.inc({ context: context.name, queue, step }, times);
    for (const [cause, count] of Object.entries(context.store.unreadable.counts))
      this.unreadable.inc({ context: context.name, cause }, count);
    for (let partition = 0; partition < context.store.partitions; partition++) {
      const at = { context: context.name, partition };
      this.lagSeconds.set(at, secondsSince(context.pendingSince(partition)));
      this.unpublishedAge.set(at, secondsSince(context.unpublishedSince(partition)));
      this.halted.set(at, context.halted.has(partition) ? 1 : 0);
    }
  }

  private async count({
    name,
    store,
    log,
    models,
    publishedIds,
    ownIds,
    jobWorkers,
  }: ContextStatus): Promise<void> {
    for (const { queue, state, jobs } of await jobWorkers.counts())
      this.jobs.set({ context: name, queue, state }, jobs);
    const ends = log.knownEnds();
    const checkpoints = async (ids: ReadonlySet<string>) =>
      Promise.all([...ids].map(async (model) => ({ model, of: await models.checkpoints(model) })));
    const [published, own] = [await checkpoints(publishedIds), await checkpoints(ownIds)];
    for (let partition = 0; partition < store.partitions; partition++) {
      const { scanned } = await log.lane(name, partition);
      this.unpublished.set({ context: name, partition }, await store.waiting(partition, scanned));
      for (const { model, of } of published) {
        const { offset, parked } = of[partition]!;
        const lag = Math.max(0, (ends?.[partition] ?? 0) - offset);
        if (ends !== null) this.lag.set({ context: name, model, partition }, lag);
        this.parked.set({ context: name, model, partition }, parked);
      }
      for (const { model, of } of own) {
        const { offset, parked } = of[partition]!;
        this.lag.set({ context: name, model, partition }, await store.waiting(partition, offset));
        this.parked.set({ context: name, model, partition }, parked);
      }
    }
  }

  private async countTopics(): Promise<void> {
    for (const { topic, partition, records, sentAt } of await this.topicLags()) {
      this.ingestLag.set({ topic, partition }, records);
      const ageMs = sentAt === null ? 0 : Math.max(0, Date.now() - sentAt);
      this.ingestLagSeconds.set({ topic, partition }, ageMs / 1000);
    }
  }
}

/** A server that takes connections and answers nothing would hold up the rest. */
async function unlessAway(counting: Promise<void>): Promise<void> {
  const counted = new AbortController();
  const { signal } = counted;
  try {
    await Promise.race([counting, pause(countingMaxMs, undefined, { signal }).catch(() => undefined)]);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
  } finally {
    counted.abort();
  }
}

function secondsSince(time: string | null): number {
  return time === null ? 0 : Math.max(0, (Date.now() - Date.parse(time)) / 1000);
}
