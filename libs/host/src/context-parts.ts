import type { Provider, Type } from '@nestjs/common';
import type { ContextName } from '@readership/contracts';
import type { EventStore, JobQueue, LogRecord, Reaction, ReadModel, ReadModels } from '@readership/kernel';
import type { ActTypes } from './acts/audit-trail.projection.js';
import type { Publishing } from './checked-facts.js';
import type { JobHandler } from './job-workers.js';

type MadeOfPorts<T> = { useFactory(store: EventStore, models: ReadModels, jobs: JobQueue): T };

/** The parts of a context. */
export interface ContextParts extends Publishing {
  readonly name: ContextName;
  /** The class that represents the context among Nest's modules. */
  readonly module: Type;
  readonly controllers?: readonly Type[];
  readonly providers?: readonly Provider[];
  /**
   * Consumers of published facts. They share one consumer group, named after the context; the models run in order, then
   * the reactions.
   */
  readonly log?: {
    readonly models: readonly ReadModel<any>[];
    readonly reactions?: readonly MadeOfPorts<Reaction<any>>[];
    readonly decode: (record: LogRecord) => any;
  };
  /** Handlers of the jobs that the context enqueues. */
  readonly jobs?: readonly MadeOfPorts<JobHandler>[];
  /** The types of its events that are privileged acts, besides those of operators. */
  readonly acts?: ActTypes;
  /** Read models of the context's own private events. */
  readonly own?: { readonly models: readonly ReadModel<any>[] };
}
