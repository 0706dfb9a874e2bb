import type { DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { LoopHealth } from '@readership/kernel';
import { ApiKeys } from './access/api-keys.js';
import { IdempotencyKeys } from './access/idempotency-keys.js';
import { MeController, SignInController } from './access/me.controller.js';
import { People } from './access/people.js';
import { AccessesController } from './accesses/accesses.controller.js';
import { ActsController } from './acts/acts.controller.js';
import { AnswerInterceptor } from './answer.js';
import { AuditController } from './audit.controller.js';
import { Clock } from './clock.js';
import { Config } from './config.js';
import { Contexts } from './contexts.js';
import { DocsController } from './docs.controller.js';
import { ExpectedRetries } from './expected-retries.js';
import { HealthController } from './health.controller.js';
import { IdempotencyInterceptor } from './idempotency.js';
import { Cursors } from './lists.js';
import { Metrics } from './metrics.js';
import { MetricsController } from './metrics.controller.js';
import { ParkedController } from './parked.controller.js';
import { RepublishController } from './republish.controller.js';
import { OpenApi } from './openapi.js';
import { ProblemFilter } from './problem-filter.js';
import { OwnWrites } from './own-writes.js';
import { Readiness, type Addresses, type ReadinessCheck } from './readiness.js';
import { BatchPriority } from './batch-priority.js';
import { Secrets } from './secrets.js';
import { Stopping } from './stopping.js';
import { Tracing } from './tracing.js';
import { BodyValidation } from './validation.js';

/**
 * What every context of a process can inject: configuration, keys, clock and cursors. It also has the routes for
 * operators.
 */
export class HostModule {
  static with(
    config: Config,
    secrets: Secrets,
    clock: Clock,
    access: {
      readonly apiKeys: ApiKeys;
      readonly idempotencyKeys: IdempotencyKeys;
      readonly people: People;
    },
    checks: readonly ReadinessCheck[],
    loops: LoopHealth,
    addresses: Addresses,
    retries: ExpectedRetries,
  ): DynamicModule {
    const contexts = new Contexts();
    return {
      module: HostModule,
      controllers: [
        HealthController,
        MetricsController,
        DocsController,
        AuditController,
        ActsController,
        AccessesController,
        ParkedController,
        RepublishController,
        MeController,
        SignInController,
      ],
      providers: [
        { provide: Config, useValue: config },
        { provide: Secrets, useValue: secrets },
        { provide: Clock, useValue: clock },
        { provide: ApiKeys, useValue: access.apiKeys },
        { provide: People, useValue: access.people },
        { provide: IdempotencyKeys, useValue: access.idempotencyKeys },
        { provide: Cursors, useValue: new Cursors(secrets) },
        { provide: Contexts, useValue: contexts },
        { provide: LoopHealth, useValue: loops },
        { provide: Readiness, useValue: new Readiness(contexts, checks, loops, addresses) },
        { provide: Metrics, useValue: new Metrics(contexts, retries) },
        { provide: ExpectedRetries, useValue: retries },
        { provide: Tracing, useValue: new Tracing() },
        Stopping,
        OwnWrites,
        BatchPriority,
        { provide: OpenApi, useValue: new OpenApi() },
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_INTERCEPTOR, useClass: AnswerInterceptor },
        { provide: APP_INTERCEPTOR, useClass: IdempotencyInterceptor },
        { provide: APP_PIPE, useClass: BodyValidation },
      ],
      exports: [
        ExpectedRetries,
        Config,
        Secrets,
        Clock,
        ApiKeys,
        People,
        Cursors,
        Contexts,
        LoopHealth,
        BatchPriority,
        Tracing,
      ],
    };
  }
}
