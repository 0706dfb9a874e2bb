import type { DynamicModule } from '@nestjs/common';
import type { CustomTransportStrategy } from '@nestjs/microservices';
import type { ContextName } from '@readership/contracts';
import { LoopHealth, type Adapters, type ContextStore, type TopicLag } from '@readership/kernel';
import { createApp, serve } from './app.js';
import { readServiceConfig, type ServiceConfig } from './config.js';
import type { RateLimiter } from './edge.js';
import { ExpectedRetries } from './expected-retries.js';
import { failProcess } from './failed-process.js';
import { causeOf, jsonLog } from './logger.js';
import { Metrics } from './metrics.js';
import { Secrets } from './secrets.js';

/** The ports of one service, and what its replicas share. */
export interface ServiceAdapters extends Adapters {
  readonly limiter: RateLimiter;
  readonly transport: CustomTransportStrategy & { lag(): Promise<readonly TopicLag[]> };
}

export type Connect = (
  options: Omit<ServiceConfig, 'adminKey' | 'linkKey'> & {
    readonly context: ContextName;
    readonly provesCardKey: ContextStore['provesCardKey'];
    readonly onError: (error: unknown, where: object) => void;
    readonly kafkaLog: (entry: object) => void;
    readonly loops: LoopHealth;
  },
) => Promise<ServiceAdapters>;

/**
 * Runs one context as a service until SIGTERM or SIGINT. When it cannot start, it prints one line for each reason and
 * ends with 1.
 */
export async function runService(
  context: ContextName,
  module: { readonly store: ContextStore; on(adapters: Adapters): DynamicModule },
  connect: Connect,
): Promise<void> {
  let adapters: ServiceAdapters | undefined;
  let app: Awaited<ReturnType<typeof createApp>> | undefined;
  try {
    const config = readServiceConfig(process.env);
    const log = jsonLog(config.logLevel);
    const loops = new LoopHealth();
    const retries = new ExpectedRetries();
    adapters = await connect({
      ...config,
      context,
      loops,
      provesCardKey: module.store.provesCardKey,
      onError: (error, where) => {
        if (!retries.counts(error)) log.warn({ ...where, ...causeOf(error) }, 'a consumer failed, retrying');
      },
      // Whoever asked reports the failure; the client reports each attempt.
      kafkaLog: (entry) => log.debug(entry, 'message of the Kafka client'),
    });
    app = await createApp([module.on(adapters)], config, {
      access: adapters.access,
      secrets: new Secrets(config),
      limiter: adapters.limiter,
      loops,
      retries,
      addresses: {
        LOG_UNAVAILABLE: `Kafka at ${config.kafkaBrokers.join(',')}`,
        STORE_UNAVAILABLE: `MongoDB at ${hostsOf(config.mongoUrl)}`,
      },
    });
    const { transport } = adapters;
    app.get(Metrics).watchTopics(() => transport.lag());
    app.connectMicroservice({ strategy: transport }, { inheritAppConfig: false });
    await app.startAllMicroservices();
    const { url } = await serve(app, config, adapters);
    log.info({ from: context, url }, 'ready');
  } catch (error) {
    failProcess(error);
    await app?.close().catch(() => undefined);
    await adapters?.close().catch(() => undefined);
  }
}

/** Hosts of a connection string, without a password. */
function hostsOf(url: string): string {
  return /^[^/]+\/\/(?:[^@/]*@)?([^/?]*)/.exec(url)?.[1] ?? '';
}
