import type { Provider, Type } from '@nestjs/common';
import type { ContextName } from '@readership/contracts';
import type { EventStore, JobQueue, LogRecord, Reaction, ReadModel, ReadModels } from '@readership/kernel';
import type { Publishing } from './checked-facts.js';
import type { JobHandler } from './job-workers.js';

type MadeOfPorts<T> = { useFactory(store: EventStore, models: ReadModels, jobs: JobQueue): T };

/** What a context is made of. */
export interface ContextParts extends Publishing {
  readonly name: ContextName;
  /** The class that stands for the context among Nest's modules. */
  readonly module: Type;
  readonly controllers?: readonly Type[];
  readonly providers?: readonly Provider[];
  /** Over published facts: one consumer, a group named after the context; the models in order, then the reactions. */
  readonly log?: {
    readonly models: readonly ReadModel<any>[];
    readonly reactions?: readonly MadeOfPorts<Reaction<any>>[];
    readonly decode: (record: LogRecord) => any;
  };
  /** What it does with the jobs that it enqueues. */
  readonly jobs?: readonly MadeOfPorts<JobHandler>[];
  /** Over the context's own private events. */
  readonly own?: { readonly models: readonly ReadModel<any>[] };
}
