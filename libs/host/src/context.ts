import {
  Logger,
  type BeforeApplicationShutdown,
  type DynamicModule,
  type OnApplicationBootstrap,
  type Provider,
  type Type,
} from '@nestjs/common';
import {
  EventLog,
  EventStore,
  JobQueue,
  logConsumer,
  modelId,
  OwnFeed,
  ownEvent,
  Pipeline,
  ReactionRunner,
  ReadModels,
  Relay,
  Runner,
  type Adapters,
  type Consumption,
  type LogRecord,
  type Publish,
  type Reaction,
  type ReadModel,
  type Taker,
} from '@readership/kernel';
import { belongs, Contexts, type ContextStatus } from './contexts.js';
import { Cursors, Lists } from './lists.js';
import { causeOf } from './logger.js';
import { AppliedWait } from './positions.js';
import { keepStepping, Pulse } from './steps.js';

/** What a context is made of. */
export interface ContextParts {
  readonly name: 'patron-profile' | 'interaction-log' | 'feedback' | 'analytics';
  /** The class that stands for the context among Nest's modules. */
  readonly module: Type;
  readonly publish: Publish<any>;
  readonly controllers?: readonly Type[];
  readonly providers?: readonly Provider[];
  /** Over published facts: one pipeline, a group named after the context; the models in order, then the reactions. */
  readonly log?: {
    readonly models: readonly ReadModel<any>[];
    readonly reactions?: readonly { useFactory(store: EventStore, models: ReadModels): Reaction<any> }[];
    readonly decode: (record: LogRecord) => any;
  };
  /** Over the context's own private events. */
  readonly own?: { readonly models: readonly ReadModel<any>[] };
}

const windowRecords = 5000;

/** Lets a context read the log with models that are known only at run time. */
export abstract class LogPipelines {
  /** Runs takers as a group of their own until the consumption, or the process, is stopped. */
  abstract run(group: string, takers: readonly Taker<LogRecord, any>[], window: number): Promise<Consumption>;
}

/**
 * A context as a Nest module that has its own ports and shares none: `EventStore`, `ReadModels`, `JobQueue`, `EventLog`,
 * `AppliedWait`, `Lists`, `LogPipelines`. Its relay, feeds and pipelines run from bootstrap until shutdown begins.
 */
export function contextModule(adapters: Adapters, parts: ContextParts): DynamicModule {
  for (const controller of parts.controllers ?? []) belongs(controller, parts.name);
  const store = adapters.eventStore(parts.name, parts.publish);
  const models = adapters.readModels(parts.name);
  const applied = new AppliedWait(parts.name, models);
  return {
    module: parts.module,
    controllers: [...(parts.controllers ?? [])],
    providers: [
      { provide: EventStore, useValue: store },
      { provide: ReadModels, useValue: models },
      { provide: JobQueue, useFactory: () => adapters.jobQueue(parts.name) },
      { provide: EventLog, useValue: adapters.eventLog },
      { provide: AppliedWait, useValue: applied },
      {
        provide: Lists,
        useFactory: (cursors: Cursors) => new Lists(models, applied, cursors),
        inject: [Cursors],
      },
      {
        provide: RunningContext,
        useFactory: (contexts: Contexts) => {
          const running = new RunningContext(parts, store, adapters.eventLog, models);
          contexts.enter(running);
          return running;
        },
        inject: [Contexts],
      },
      { provide: LogPipelines, useExisting: RunningContext },
      ...(parts.providers ?? []),
    ],
  };
}

class RunningContext
  extends LogPipelines
  implements ContextStatus, OnApplicationBootstrap, BeforeApplicationShutdown
{
  readonly name: string;
  readonly publishedIds = new Set<string>();
  readonly ownIds: ReadonlySet<string>;
  running = false;
  private readonly logger: Logger;
  private readonly stopping = new AbortController();
  private readonly pulse = new Pulse();
  private loops: Promise<void>[] = [];
  private readonly consumptions = new Set<Consumption>();

  constructor(
    private readonly parts: ContextParts,
    readonly store: EventStore,
    readonly log: EventLog,
    readonly models: ReadModels,
  ) {
    super();
    this.name = parts.name;
    this.logger = new Logger(parts.name);
    this.ownIds = new Set(
      parts.own?.models.map((model) => modelId('projection' in model ? model.projection : model.tally)),
    );
  }

  async onApplicationBootstrap(): Promise<void> {
    const { signal } = this.stopping;
    signal.addEventListener('abort', () => this.pulse.beat());
    for (let partition = 0; partition < this.store.partitions; partition++) {
      const relay = new Relay(this.name, partition, this.store, this.log);
      this.loops.push(keepStepping(() => relay.step(), this.pulse, signal, this.failed('relay')));
    }
    if (this.parts.own && this.parts.own.models.length > 0) {
      const pipeline = new Pipeline(
        this.parts.own.models.map((model) => new Runner<any, any>(model, this.models)),
        ownEvent,
      );
      const feed = new OwnFeed(this.name, this.store, pipeline, windowRecords);
      for (let partition = 0; partition < this.store.partitions; partition++) {
        this.loops.push(
          keepStepping(() => feed.step(partition), this.pulse, signal, this.failed('own feed')),
        );
      }
    }
    this.loops.push(this.watch(signal));
    const { log } = this.parts;
    if (log && log.models.length + (log.reactions?.length ?? 0) > 0) {
      await this.run(
        this.name,
        [
          ...log.models.map((model) => new Runner<LogRecord, any>(model, this.models)),
          ...(log.reactions ?? []).map(
            ({ useFactory }) =>
              new ReactionRunner<LogRecord, any>(useFactory(this.store, this.models), this.models),
          ),
        ],
        windowRecords,
      );
    }
    this.running = true;
  }

  async run(group: string, takers: readonly Taker<LogRecord, any>[], window: number): Promise<Consumption> {
    if (this.stopping.signal.aborted) throw new Error(`${this.name} is stopping`);
    const { log } = this.parts;
    if (!log) throw new Error(`${this.name} does not say how it decodes the log`);
    const inner = await this.log.consume(logConsumer(group, window, new Pipeline(takers, log.decode)));
    for (const { id } of takers) this.publishedIds.add(id);
    const consumption: Consumption = {
      stop: async () => {
        this.consumptions.delete(consumption);
        await inner.stop();
        for (const { id } of takers) this.publishedIds.delete(id);
      },
    };
    this.consumptions.add(consumption);
    return consumption;
  }

  /** Stops taking in, and waits for what is under way; what was acknowledged and not yet published stays in the store. */
  async beforeApplicationShutdown(): Promise<void> {
    this.running = false;
    this.stopping.abort();
    await Promise.all([...this.loops, ...[...this.consumptions].map((consumption) => consumption.stop())]);
  }

  private async watch(signal: AbortSignal): Promise<void> {
    const failed = this.failed('store');
    while (!signal.aborted) {
      try {
        await this.store.changed(signal);
      } catch (error) {
        if (signal.aborted) return;
        failed(error);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      this.pulse.beat();
    }
  }

  private failed(what: string): (error: unknown) => void {
    return (error) => this.logger.warn(`the ${what} tries again`, causeOf(error));
  }
}
