import 'reflect-metadata';
import { Logger, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { LoopHealth, type AccessStore, type Adapters } from '@readership/kernel';
import type {
  FastifyHttpOptions,
  FastifyInstance,
  FastifyListenOptions,
  FastifyReply,
  FastifyRequest,
} from 'fastify';
import type { Server as HttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import type { DestinationStream } from 'pino';
import { ApiKeys } from './access/api-keys.js';
import { Credentials } from './access/credentials.js';
import { OidcTokens } from './access/oidc.js';
import { People } from './access/people.js';
import { IdempotencyKeys } from './access/idempotency-keys.js';
import { Bodies } from './bodies.js';
import { answerBrokenRequest, answerUnroutable } from './broken-requests.js';
import { SystemClock, type Clock } from './clock.js';
import type { Config } from './config.js';
import { Connections } from './connections.js';
import { Contexts } from './contexts.js';
import { failProcess } from './failed-process.js';
import { guardRequests, requestId, type RateLimiter } from './edge.js';
import { ExpectedRetries } from './expected-retries.js';
import { HostModule } from './host.module.js';
import { KnownRoutes } from './known-routes.js';
import { causeOf, jsonLog, JsonLogger } from './logger.js';
import { Metrics } from './metrics.js';
import { OpenApi } from './openapi.js';
import { sendProblem } from './problem.js';
import type { Addresses, ReadinessCheck } from './readiness.js';
import { plainAddress } from './request.js';
import { routesOf } from './routes.js';
import { dropSlowReaders } from './slow-readers.js';
import { BatchPriority } from './batch-priority.js';
import { loadSecrets, type Secrets } from './secrets.js';
import { securityHeaders } from './security-headers.js';
import { endsWithin, Stopping } from './stopping.js';
import { Tracing } from './tracing.js';

class AppModule {}

/**
 * Work in progress, once the process was told to stop, is waited for this long. What a silent server holds longer is
 * abandoned as in a crash, which loses nothing that was acknowledged; a supervisor would end it so soon after.
 */
const stopsWithinMs = 20_000;
/** An answer must be taken by its client within this time. */
const answerTakenWithinMs = 60_000;

export interface AppOptions {
  /** Where the API keys and idempotency keys are. */
  readonly access: AccessStore;
  /** Defaults to `loadSecrets(config)`. */
  readonly secrets?: Secrets;
  readonly clock?: Clock;
  /** Readiness checks in addition to those of the contexts. */
  readonly readiness?: readonly ReadinessCheck[];
  /** Where the loops report that began before the application. Defaults to a new one. */
  readonly loops?: LoopHealth;
  /** Addresses of the servers that may be unavailable. */
  readonly addresses?: Addresses;
  /** Counts requests for all replicas, `config.ratePerSecond` per key. By default each process counts its own. */
  readonly limiter?: RateLimiter;
  /** Counts expected retries, also those of the adapters. By default only those of the application are counted. */
  readonly retries?: ExpectedRetries;
  /** Where the log goes; standard output by default. */
  readonly logTo?: DestinationStream;
}

/** Makes an application of these modules behind the strict edge. It is initialised and does not listen yet. */
export async function createApp(
  modules: readonly DynamicModule[],
  config: Config,
  options: AppOptions,
): Promise<NestFastifyApplication> {
  const secrets = options.secrets ?? loadSecrets(config).secrets;
  const clock = options.clock ?? new SystemClock();
  const log = jsonLog(config.logLevel, options.logTo);
  const serverOptions: FastifyHttpOptions<HttpServer> = {
    trustProxy: trustOf(config),
    // The whole request must arrive within this time.
    requestTimeout: 60_000,
    http: {
      headersTimeout: 20_000,
      connectionsCheckingInterval: 5_000,
      // Node would answer by itself, without a problem.
      requireHostHeader: false,
    },
    connectionTimeout: 120_000,
    keepAliveTimeout: 30_000,
    genReqId: requestId,
    rewriteUrl: ({ url }) => plainAddress(url ?? '/'),
    return503OnClosing: false,
    routerOptions: { maxParamLength: 1000 },
    clientErrorHandler: answerBrokenRequest,
    // No hook runs for these.
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) =>
      void sendProblem(error, request, reply.headers(securityHeaders)),
  };
  const adapter = new FastifyAdapter(serverOptions);
  const loops = options.loops ?? new LoopHealth(() => clock.now().getTime());
  const { readiness = [], addresses = {}, retries = new ExpectedRetries() } = options;
  const apiKeys = new ApiKeys(options.access, secrets);
  const people = new People(options.access, secrets);
  const access = { apiKeys, people, idempotencyKeys: new IdempotencyKeys(options.access, secrets) };
  const host = HostModule.with(config, secrets, clock, access, readiness, loops, addresses, retries);
  const app = await NestFactory.create<NestFastifyApplication>(
    {
      module: AppModule,
      imports: [
        host,
        ...modules.map((module) => ({ ...module, imports: [...(module.imports ?? []), host] })),
      ],
    },
    adapter,
    { bodyParser: false, logger: new JsonLogger(log), abortOnError: false },
  );

  const server = adapter.getInstance() as unknown as FastifyInstance;
  const stopping = app.get(Stopping);
  const openApi = app.get(OpenApi);
  openApi.of(app);
  const bodies = new Bodies(app.get(BatchPriority));
  const routes = new KnownRoutes(openApi);
  const connections = new Connections();
  for (const each of [bodies, routes, connections]) each.observe(server);
  answerUnroutable(server.server);
  stopping.onBegin(() => {
    bodies.endArriving();
    connections.endResting();
  });
  const tracing = app.get(Tracing);
  tracing.observe(server);
  guardRequests(server, {
    credentials: new Credentials(
      apiKeys,
      secrets.adminKey,
      clock,
      config.oidc && new OidcTokens(config.oidc, clock, secrets, people),
    ),
    ratePerSecond: config.ratePerSecond,
    limiter: options.limiter,
    clock,
    routes,
    bodies,
    isClosing: () => stopping.begun,
  });
  server.addHook('onResponse', async (request, reply) => {
    log.info(
      {
        requestId: request.id,
        traceId: tracing.traceIdOf(request),
        method: request.method,
        route: request.is404 ? 'unmatched' : request.routeOptions.url,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 10) / 10,
      },
      'request',
    );
  });
  app.get(Metrics).observe(server);
  server.server.maxConnections = config.maxConnections;
  dropSlowReaders(server, answerTakenWithinMs);
  try {
    await app.init();
  } catch (error) {
    // What has begun must not go on when something else could not begin.
    await app.close();
    throw error;
  }
  routes.declare(routesOf(app));
  return app;
}

/** Fastify takes a function for a number of proxies, since it cannot know whether somebody else can connect. */
function trustOf({ trustedProxies }: Config): string[] | ((address: string, hop: number) => boolean) {
  return typeof trustedProxies === 'number' ? (_, hop) => hop < trustedProxies : [...trustedProxies];
}

/** A port that is reserved until it is given to `serve` or released. */
export interface HeldPort {
  readonly holder: Server;
  release(): void;
}

/**
 * Reserves the port of a configuration, so that nothing else is changed when the port is not available. Until it is
 * released, connections are closed at once. Rejects with an `Error` of one line when the port is not available.
 */
export async function holdPort(config: Config): Promise<HeldPort> {
  const holder = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    holder.once('error', (error) => reject(cannotListen(config, error)));
    holder.listen(config.port, config.host, resolve);
  });
  return { holder, release: () => void holder.close() };
}

/** What `Server.listen` of Node takes from a server that is bound; Fastify passes it on. */
type WithHandle = Server & { readonly _handle: unknown };

/** An application that listens. */
export interface Served {
  readonly url: string;
  /** True once it was told to stop. */
  readonly stopping: boolean;
}

/**
 * Listens, on the reserved port if there is one. On SIGTERM or SIGINT it stops gracefully: it finishes the current
 * requests and batches, for 20 s at most, then closes the ports and ends the process. Rejects with an `Error` of one
 * line when the port is not available; the caller then closes the application and the ports.
 */
export async function serve(
  app: NestFastifyApplication,
  config: Config,
  adapters: Adapters,
  held?: HeldPort,
): Promise<Served> {
  const { port, host } = config;
  try {
    // The handle passes from one server to the other: nobody can take the port in between.
    if (held)
      await app.listen({ port, host, handle: (held.holder as WithHandle)._handle } as FastifyListenOptions);
    else await app.listen(port, host);
  } catch (error) {
    throw cannotListen(config, error);
  }
  const url = await app.getUrl();
  let stopping = false;
  const stop = async (exitCode = 0): Promise<void> => {
    if (stopping) return;
    stopping = true;
    try {
      const ending = app.close().then(() => adapters.close());
      if (!(await endsWithin(stopsWithinMs, ending)))
        new Logger('host').warn('work in progress waits for a server for too long; it is abandoned');
      process.exitCode = exitCode;
    } catch {
      process.exitCode = 1;
    }
    // Our own work has ended. Anything that a library still holds open must not keep the process alive.
    process.exit();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop());
  void app.get(Contexts).mustEnd.then((error) => {
    failProcess(error);
    void stop(1);
  });
  return {
    url,
    get stopping() {
      return stopping;
    },
  };
}

function cannotListen({ host, port }: Config, error: unknown): Error {
  const { code } = error as { readonly code?: unknown };
  return new Error(
    code === 'EADDRINUSE'
      ? `Port ${port} is in use: stop the program that uses it, or choose another port with --port N.`
      : `Cannot listen on ${host}:${port} (${causeOf(error).code ?? 'unknown'}).`,
    { cause: error },
  );
}
