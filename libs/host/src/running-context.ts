import {
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import {
  logConsumer,
  modelId,
  OwnEventsConsumer,
  ownEvent,
  ownRecord,
  ProcessorGroup,
  reactionProcessor,
  Relay,
  readModelProcessor,
  reported,
  StoreBehindLog,
  WakeUp,
  type Checkpoint,
  type Consumption,
  type EventLog,
  type EventStore,
  type JobQueue,
  type LogRecord,
  type LoopHealth,
  type LoopReport,
  type OwnRecord,
  type Parked,
  type Processor,
  type ReadModels,
  type UnreadableCause,
} from '@readership/kernel';
import { setTimeout as pause } from 'node:timers/promises';
import { Accesses } from './accesses/accesses.js';
import type { ActTypes } from './acts/audit-trail.projection.js';
import type { BatchPriority } from './batch-priority.js';
import type { Clock } from './clock.js';
import type { ContextParts } from './context-parts.js';
import type { Contexts, ContextStatus } from './contexts.js';
import type { ExpectedRetries } from './expected-retries.js';
import { compareHistory } from './history-check.js';
import { causeOf } from './logger.js';
import { JobWorkers } from './job-workers.js';
import { pollingLoop } from './polling-loop.js';
import type { KnownCheckpoints } from './positions.js';
import type { Tracing } from './tracing.js';
import type { WriteGate } from './write-gate.js';

const windowRecords = 5_000;
/** Names of errors after which a partition halts until an operator acts. */
const halting: ReadonlySet<string> = new Set(['Gap', 'Halted', 'LogCut', 'OtherLog']);

/** Lets a context consume the log with models that are known only at run time. */
export abstract class LogConsumers {
  /**
   * Runs processors in a consumer group of their own until the consumption, or the process, is stopped.
   *
   * @param window the most records of a batch
   * @param afterBatch called when all processors have taken a batch; the partition's next batch waits for it
   */
  abstract run(
    group: string,
    processors: readonly Processor<LogRecord, any>[],
    window: number,
    afterBatch?: (partition: number) => Promise<void>,
  ): Promise<Consumption>;
}

/** What a context gets from its process. */
export interface Surroundings {
  readonly contexts: Contexts;
  readonly loopHealth: LoopHealth;
  readonly batchPriority: BatchPriority;
  readonly tracing: Tracing;
  readonly retries: ExpectedRetries;
  readonly clock: Clock;
}

/** A running context: its relays, the consumers of its own events and of the log, and its jobs. */
export class RunningContext
  extends LogConsumers
  implements
    ContextStatus,
    KnownCheckpoints,
    OnModuleInit,
    OnApplicationBootstrap,
    OnModuleDestroy,
    BeforeApplicationShutdown
{
  readonly name: string;
  readonly publishedIds = new Set<string>();
  readonly ownIds: ReadonlySet<string>;
  running = false;
  readonly moved = new WakeUp();
  private readonly logger: Logger;
  private readonly stopping = new AbortController();
  private readonly wakeUp = new WakeUp();
  private compared: Promise<void> = Promise.resolve();
  private loops: Promise<void>[] = [];
  private ended: Promise<unknown> = Promise.resolve();
  private readonly consumptions = new Set<Consumption>();
  private readonly relays: Relay[] = [];
  private readonly logProcessors = new Map<string, Processor<LogRecord, any>>();
  private readonly ownProcessors = new Map<string, Processor<OwnRecord, any>>();
  private readonly pending = new Map<number, string>();
  private readonly told = new Set<UnreadableCause>();
  readonly halted = new Map<number, string>();
  readonly jobWorkers: JobWorkers;
  readonly accesses: Accesses;
  readonly acts: ActTypes;

  constructor(
    private readonly parts: ContextParts,
    readonly store: EventStore,
    readonly log: EventLog,
    readonly models: ReadModels,
    private readonly jobs: JobQueue,
    private readonly gate: WriteGate,
    private readonly around: Surroundings,
  ) {
    super();
    this.name = parts.name;
    this.logger = new Logger(parts.name);
    const handlers = (parts.jobs ?? []).map(({ useFactory }) => useFactory(store, models, jobs));
    this.jobWorkers = new JobWorkers(jobs, handlers, around.batchPriority, around.retries, this.logger);
    this.accesses = new Accesses(store);
    this.acts = parts.acts ?? {};
    this.ownIds = new Set(
      parts.own?.models.map((model) => modelId('projection' in model ? model.projection : model.tally)),
    );
  }

  /** Begins before any bootstrap hook, so that a hook that records something waits for the outcome. */
  onModuleInit(): void {
    const report = this.logged('start', undefined, 0);
    this.compared = compareHistory(this, this.gate, report, this.stopping.signal);
    this.compared.catch(() => undefined);
  }

  /** Does not wait for an unavailable log. Work that needs the comparison first begins when the log is available. */
  async onApplicationBootstrap(): Promise<void> {
    await Promise.race([this.compared, this.gate.firstOutcome]);
    const begun = this.compared.then(() => this.begin());
    if (this.gate.isOpen) return begun;
    begun.catch((error: Error) => this.around.contexts.end(error));
  }

  private async begin(): Promise<void> {
    const { signal } = this.stopping;
    if (signal.aborted) return;
    const { tracing } = this.around;
    const log = tracing.publishing(this.log);
    for (let partition = 0; partition < this.store.partitions; partition++) {
      const relay = new Relay(this.name, partition, this.store, log);
      this.relays.push(relay);
      this.loops.push(this.keep(() => relay.step(), 'relay', partition));
    }
    if (this.parts.own && this.parts.own.models.length > 0) {
      const processors = this.parts.own.models.map((model) =>
        readModelProcessor<OwnRecord, any>(model, this.models),
      );
      for (const processor of processors) {
        processor.watchedBy(this.moved);
        this.ownProcessors.set(processor.id, processor);
      }
      const group = new ProcessorGroup(processors, ownEvent, tracing.processing());
      const consumer = new OwnEventsConsumer(this.name, this.store, group, windowRecords);
      for (let partition = 0; partition < this.store.partitions; partition++) {
        this.loops.push(this.keep(() => consumer.step(partition), 'consumer of own events', partition));
      }
    }
    this.loops.push(this.watch(signal));
    const forgetting = this.logged('forgetting of records of access');
    this.loops.push(this.accesses.keepForgetting(this.around.clock, signal, forgetting));
    const { log: read } = this.parts;
    if (read && read.models.length + (read.reactions?.length ?? 0) > 0) {
      await this.run(
        this.name,
        [
          ...read.models.map((model) => readModelProcessor<LogRecord, any>(model, this.models)),
          ...(read.reactions ?? []).map(({ useFactory }) =>
            reactionProcessor<LogRecord, any>(useFactory(this.store, this.models, this.jobs), this.models),
          ),
        ],
        windowRecords,
      );
    }
    await this.jobWorkers.start();
    this.running = true;
  }

  async run(
    group: string,
    processors: readonly Processor<LogRecord, any>[],
    window: number,
    afterBatch?: (partition: number) => Promise<void>,
  ): Promise<Consumption> {
    if (this.stopping.signal.aborted) throw new Error(`${this.name} is stopping`);
    const { log } = this.parts;
    if (!log) throw new Error(`${this.name} does not say how it decodes the log`);
    const hooks = { ...this.around.tracing.processing(), ...(afterBatch ? { afterBatch } : {}) };
    const reports = Array.from({ length: this.store.partitions }, (_, partition) => {
      const loop = `consumer ${group}`;
      // Two reports, because a successful `start` does not mean that records can be taken.
      return { start: this.report(loop, partition), take: this.report(loop, partition) };
    });
    const consumer = logConsumer(group, window, new ProcessorGroup(processors, log.decode, hooks), this.log);
    const inner = await this.log.consume({
      ...consumer,
      start: (partition) =>
        this.watched(partition, reports[partition]!.start, () => consumer.start(partition)),
      take: async (partition, records) => {
        this.pending.set(partition, records[0]!.recordedAt);
        await this.around.batchPriority.idle();
        await this.watched(partition, reports[partition]!.take, () => consumer.take(partition, records));
        this.pending.delete(partition);
      },
      cut: async (partition) => {
        const cured = await consumer.cut!(partition);
        if (!cured) this.halted.set(partition, 'LogCut');
        return cured;
      },
    });
    for (const processor of processors) {
      this.publishedIds.add(processor.id);
      processor.watchedBy(this.moved);
      this.logProcessors.set(processor.id, processor);
    }
    const consumption: Consumption = {
      stop: async () => {
        this.consumptions.delete(consumption);
        await inner.stop();
        for (const { start, take } of reports) [start, take].forEach((report) => report.ended());
        for (const { id } of processors) {
          this.publishedIds.delete(id);
          this.logProcessors.delete(id);
        }
        this.moved.wake();
      },
    };
    this.consumptions.add(consumption);
    return consumption;
  }

  unpublishedSince(partition: number): string | null {
    return this.relays[partition]?.pendingSince ?? null;
  }

  pendingSince(partition: number): string | null {
    return this.pending.get(partition) ?? null;
  }

  known(model: string, partition: number): Checkpoint | null {
    const processor = this.ownProcessors.get(model) ?? this.logProcessors.get(model);
    return processor?.known(partition) ?? null;
  }

  async replay(model: string, partition: number, key: string): Promise<number> {
    const own = this.ownProcessors.get(model);
    if (own) {
      const again = (parked: Parked): Promise<OwnRecord> => this.ownAgain(parked, partition);
      return own.replay(partition, key, again, ownEvent);
    }
    return this.logProcessors
      .get(model)!
      .replay(partition, key, async ({ record }) => record!, this.parts.log!.decode);
  }

  async discard(
    model: string,
    partition: number,
    key: string,
    offset: number,
    before: (record: Parked) => Promise<void>,
  ): Promise<Parked | null> {
    const processor = this.ownProcessors.get(model) ?? this.logProcessors.get(model)!;
    return processor.discard(partition, key, offset, before);
  }

  /**
   * Begins no more work. Every part of the process is told so before the first is waited for: one after the other, their
   * waits for a server that does not answer would add up.
   */
  onModuleDestroy(): void {
    this.running = false;
    this.stopping.abort();
    this.ended = Promise.all([
      ...this.loops,
      ...[...this.consumptions, this.jobWorkers].map((one) => one.stop()),
    ]);
    this.ended.catch(() => undefined);
  }

  /** Waits for the current work. Events that were acknowledged and not published yet stay in the store. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.ended;
  }

  private async ownAgain({ position }: Parked, partition: number): Promise<OwnRecord> {
    const [event] = await this.store.readPage(partition, position - 1, 1);
    if (event?.position !== position) throw new Error('a parked event is not in the store any more');
    return ownRecord(this.name, event);
  }

  /** Remembers which partitions are halted for a reason that a retry does not solve. */
  private async watched<T>(partition: number, report: LoopReport, work: () => Promise<T>): Promise<T> {
    report.began();
    try {
      const result = await work();
      this.halted.delete(partition);
      report.succeeded();
      return result;
    } catch (error) {
      const isHalted = error instanceof Error && halting.has(error.name);
      if (isHalted) this.halted.set(partition, error.name);
      // A halted partition has its own alarm, and it is mended through requests to this instance, so the instance stays
      // ready.
      if (isHalted) report.succeeded();
      else report.failed(error);
      throw error;
    }
  }

  private keep(step: () => Promise<number>, loop: string, partition: number): Promise<void> {
    const given = async (): Promise<number> => {
      await this.around.batchPriority.idle();
      return step();
    };
    return pollingLoop(given, this.wakeUp, this.stopping.signal, this.logged(loop, partition));
  }

  private async watch(signal: AbortSignal): Promise<void> {
    const report = this.logged('store watch');
    while (!signal.aborted) {
      try {
        await reported(report, () => this.store.changed(signal));
      } catch {
        await pause(200, undefined, { signal }).catch(() => undefined);
      }
      this.wakeUp.wake();
      this.tellUnreadable();
    }
    report.ended();
  }

  /** Logs each cause once. The metric says how often. */
  private tellUnreadable(): void {
    for (const cause of this.store.unreadable.causes) {
      if (this.told.has(cause)) continue;
      this.told.add(cause);
      this.logger.warn(`some stored events cannot be read: ${cause}`);
    }
  }

  private report(loop: string, partition?: number, toleratedMs?: number): LoopReport {
    const name = { loop, context: this.name, ...(partition === undefined ? {} : { partition }) };
    const report = this.around.loopHealth.report(name, toleratedMs === undefined ? {} : { toleratedMs });
    // Another replica may be faster for as long as there is work, and then the work is done.
    const failed = (error: unknown): void =>
      this.around.retries.isRace(error) ? report.succeeded() : report.failed(error);
    return { ...report, failed };
  }

  /** A report that also logs failures. */
  private logged(loop: string, partition?: number, toleratedMs?: number): LoopReport {
    const report = this.report(loop, partition, toleratedMs);
    const failed = (error: unknown): void => {
      if (this.stopping.signal.aborted) return;
      // A store that is older than the log ends the process, which says why in its one line.
      if (!(error instanceof StoreBehindLog) && !this.around.retries.counts(error)) {
        this.logger.warn(`${loop} failed, retrying`, causeOf(error));
      }
      report.failed(error);
    };
    return { ...report, failed };
  }
}
