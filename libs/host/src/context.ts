import type { DynamicModule } from '@nestjs/common';
import {
  DeadLetters,
  EventLog,
  EventStore,
  JobQueue,
  LoopHealth,
  ReadModels,
  type Adapters,
} from '@readership/kernel';
import { Accesses } from './accesses/accesses.js';
import { auditTrail } from './acts/audit-trail.projection.js';
import { BatchPriority } from './batch-priority.js';
import { checkedFacts } from './checked-facts.js';
import { Clock } from './clock.js';
import type { ContextParts } from './context-parts.js';
import { belongs, Contexts } from './contexts.js';
import { ExpectedRetries } from './expected-retries.js';
import { Cursors, Lists } from './lists.js';
import { withHostEvents, operationActs } from './operations.js';
import { AppliedWait } from './positions.js';
import { LogConsumers, RunningContext } from './running-context.js';
import { Tracing } from './tracing.js';
import { WriteGate } from './write-gate.js';

const made = new WeakMap<DynamicModule, ContextParts>();

/** The parts that a module of `contextModule` was made of, for rebuilding the context's read models elsewhere. */
export function partsOf(module: DynamicModule): ContextParts {
  const parts = made.get(module);
  if (!parts) throw new RangeError('this module is none of a context');
  return parts;
}

/**
 * Makes a context as a Nest module with its own ports: `EventStore`, `ReadModels`, `JobQueue`, `EventLog`,
 * `DeadLetters`, `AppliedWait`, `Lists`, `LogConsumers`, `Accesses`. Its relay and consumers run from bootstrap, or from when the
 * log is available, until shutdown begins. Until then its store accepts no writes.
 */
export function contextModule(adapters: Adapters, parts: ContextParts): DynamicModule {
  for (const controller of parts.controllers ?? []) belongs(controller, parts.name);
  const acts = { ...operationActs, ...parts.acts };
  const own = { models: [...(parts.own?.models ?? []), { projection: auditTrail(acts) }] };
  const whole = { ...parts, acts, own };
  const gate = new WriteGate();
  const store = gate.guarding(adapters.eventStore(parts.name, withHostEvents(checkedFacts(parts))));
  const models = adapters.readModels(parts.name);
  const jobs = adapters.jobQueue(parts.name);
  const module: DynamicModule = {
    module: parts.module,
    controllers: [...(parts.controllers ?? [])],
    providers: [
      { provide: EventStore, useValue: store },
      { provide: ReadModels, useValue: models },
      { provide: JobQueue, useValue: jobs },
      { provide: EventLog, useValue: adapters.eventLog },
      { provide: DeadLetters, useValue: adapters.deadLetters },
      {
        provide: AppliedWait,
        useFactory: (running: RunningContext) => new AppliedWait(parts.name, models, running),
        inject: [RunningContext],
      },
      {
        provide: Lists,
        useFactory: (applied: AppliedWait, cursors: Cursors) => new Lists(models, applied, cursors),
        inject: [AppliedWait, Cursors],
      },
      {
        provide: RunningContext,
        useFactory: (
          contexts: Contexts,
          loopHealth: LoopHealth,
          batchPriority: BatchPriority,
          tracing: Tracing,
          retries: ExpectedRetries,
          clock: Clock,
        ) => {
          const { eventLog } = adapters;
          const around = { contexts, loopHealth, batchPriority, tracing, retries, clock };
          const running = new RunningContext(whole, store, eventLog, models, jobs, gate, around);
          contexts.enter(running);
          return running;
        },
        inject: [Contexts, LoopHealth, BatchPriority, Tracing, ExpectedRetries, Clock],
      },
      { provide: LogConsumers, useExisting: RunningContext },
      { provide: Accesses, useFactory: ({ accesses }: RunningContext) => accesses, inject: [RunningContext] },
      ...(parts.providers ?? []),
    ],
  };
  made.set(module, whole);
  return module;
}
