import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { defaultPolicy } from '@readership/contracts';
import { Clock, ExpectedRetries, LogConsumers, pollingLoop } from '@readership/host';
import {
  EventLog,
  EventStore,
  handle,
  LoopHealth,
  readModelProcessor,
  ReadModels,
  Refusal,
  Unavailable,
  WakeUp,
  type Consumption,
  type LogRecord,
} from '@readership/kernel';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import {
  builds,
  missingIn,
  type Build,
  type Building,
  type BuildsCommand,
  type BuildsState,
} from './builds.decider.js';
import { figureNames, type BuildsEvent } from './builds.events.js';
import { comparisonOf, comparisonOfNothing, uncompared, type Compared } from './comparison.js';
import { desired, identityOf, type DesiredConsumer } from './desired-consumers.js';
import {
  begunBy,
  figureIds,
  hasTotals,
  leftBehind,
  OFFERED,
  versionsOf,
  type Offered,
} from './figure-models.js';

/** Id of the only stream of its category. */
export const buildsId = 'consortium';
const stream = `${builds.category}-${buildsId}`;

/** The build that the figures are read from. */
export interface ServingBuild {
  readonly build: Build;
  /** Ids of its read models by name. One that is still being built for the first time is absent. */
  readonly ids: ReadonlyMap<string, string>;
  /** Names of those that have counts of the consortium, under `*` as the branch. */
  readonly totals: ReadonlySet<string>;
}

/** The state of the stream when it was last read. */
interface Known {
  readonly state: BuildsState;
  readonly version: number;
}

/** A build with at most this lag may serve or be compared. */
const lagMax = 1_000;
const watchPauseMs = 200;
const readsMax = 5;

/**
 * Runs the consumers that the state of the builds requires, the same in every replica, and advances the build in
 * progress. One loop does both; the store and the build's own progress wake it. All its state follows from the stream
 * and the checkpoints, so it continues after a crash. An answer is never read from a build that was replaced meanwhile.
 */
@Injectable()
export class Builds implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown {
  private readonly logger = new Logger('builds');
  private readonly stopping = new AbortController();
  private readonly wakeUp = new WakeUp();
  private readonly running = new Map<string, Consumption>();
  private loops: readonly Promise<void>[] = [];
  private known: Known = { state: builds.initial, version: 0 };
  private serving: ServingBuild | null = null;
  private plan: { readonly state: BuildsState; readonly consumers: readonly DesiredConsumer[] } | null = null;
  /** The ends that a build must reach to have caught up. */
  private goal: { readonly build: number; readonly ends: readonly number[] } | null = null;
  /** The version of the stream at which everything unneeded was dropped. */
  private droppedAt = 0;
  private failure: string | null = null;
  /** There is a build that serves and that this release has not left behind. */
  private hasBegun = false;

  constructor(
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(ReadModels) private readonly models: ReadModels,
    @Inject(EventLog) private readonly log: EventLog,
    @Inject(LogConsumers) private readonly consumers: LogConsumers,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(LoopHealth) private readonly loopHealth: LoopHealth,
    @Inject(ExpectedRetries) private readonly retries: ExpectedRetries,
    @Inject(OFFERED) private readonly offered: Offered,
  ) {}

  /** An empty deployment records its first build: while it takes no writes yet, the loop tries again. */
  async onApplicationBootstrap(): Promise<void> {
    try {
      await this.begin();
    } catch (error) {
      if (!isWithoutLog(error)) throw error;
    }
    const { signal } = this.stopping;
    const health = this.loopHealth.report({ loop: 'builds', context: 'analytics' });
    const failed = (error: unknown): void => {
      if (this.retries.isRace(error)) health.succeeded();
      else health.failed(error);
      this.failed(error);
    };
    const report = { ...health, failed };
    this.loops = [this.watch(signal), pollingLoop(() => this.step(), this.wakeUp, signal, report)];
  }

  onModuleDestroy(): void {
    this.stopping.abort();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.loops);
  }

  /**
   * Reads an answer from one build. When another build began to serve meanwhile, it reads again. Throws `BUSY` when
   * that happens repeatedly, and `NOT_OFFERED` when only a later release can read the build,
   * and `LOG_UNAVAILABLE` before there was any build.
   */
  async reading<T>(read: (serving: ServingBuild) => Promise<T>): Promise<T> {
    for (let attempt = 1; attempt <= readsMax; attempt++) {
      const serving = this.servingBuild();
      const answer = await settled(read(serving));
      if ((await this.state()).serving!.number === serving.build.number) return answer();
    }
    throw new Refusal('BUSY', 'not-yet', 'The figures are being replaced: try again in a moment.');
  }

  /** The current state of the builds. */
  async state(): Promise<BuildsState> {
    return (await this.look()).state;
  }

  private async look(): Promise<Known> {
    let { state, version } = this.known;
    for (;;) {
      const page = await this.store.load(stream, version);
      state = (page.events as readonly unknown[] as readonly BuildsEvent[]).reduce(builds.evolve, state);
      version = page.version;
      if (!page.more) break;
    }
    if (version > this.known.version) this.known = { state, version };
    return this.known;
  }

  private servingBuild(): ServingBuild {
    const build = this.known.state.serving;
    if (build === null) throw new Unavailable('LOG_UNAVAILABLE', 'NO_BUILD_YET');
    if (this.serving?.build !== build) {
      const totals = new Set(figureNames.filter((name) => hasTotals(build, name)));
      this.serving = { build, ids: figureIds(build, this.offered), totals };
    }
    return this.serving;
  }

  private async begin(): Promise<void> {
    const versions = versionsOf(this.offered);
    await this.tell({ type: 'BeginServing', policy: defaultPolicy, timeZone: 'UTC', versions });
    await this.reconcile(this.desiredBy(await this.state()));
    this.hasBegun = true;
  }

  /** Wakes the loop when something may have been decided, here or by another replica. */
  private async watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.store.changed(signal);
      } catch (error) {
        this.failed(error);
        await pause(watchPauseMs, undefined, { signal }).catch(() => undefined);
      }
      this.wakeUp.wake();
    }
  }

  /** Advances the build in progress. Resolves to the number of steps taken; 0 when there is something to wait for. */
  private async step(): Promise<number> {
    if (!this.hasBegun) await this.begin();
    const { state, version } = await this.look();
    const consumers = this.desiredBy(state);
    await this.reconcile(consumers);
    const steps = await this.advance(state, consumers);
    if (this.droppedAt !== version) {
      await this.dropLeftBehind(state);
      this.droppedAt = version;
    }
    this.failure = null;
    return steps;
  }

  /** Computed once per state, because it makes every read model anew. */
  private desiredBy(state: BuildsState): readonly DesiredConsumer[] {
    if (this.plan?.state !== state) {
      this.plan = { state, consumers: desired(state, this.offered, this.log.windowMax) };
    }
    return this.plan.consumers;
  }

  /** Stops the consumers that are no longer desired, and starts the missing ones. */
  private async reconcile(consumers: readonly DesiredConsumer[]): Promise<void> {
    const wanted = new Map(consumers.map((consumer) => [identityOf(consumer), consumer]));
    for (const [identity, consumption] of this.running) {
      if (wanted.has(identity)) continue;
      await consumption.stop();
      this.running.delete(identity);
    }
    for (const [identity, consumer] of wanted) {
      if (!this.running.has(identity)) this.running.set(identity, await this.run(consumer));
    }
  }

  private run(consumer: DesiredConsumer): Promise<Consumption> {
    const { group, window, models } = consumer;
    const processors = models.map(({ model }) => readModelProcessor<LogRecord, any>(model, this.models));
    return this.consumers.run(group, processors, window, (partition) => this.afterBatch(consumer, partition));
  }

  /**
   * Compares a partition between two batches, when its owner has both versions of a rebuilt read model at one offset,
   * even if records keep arriving. A starting consumer takes the last record again, so every partition with records
   * gets here.
   */
  private async afterBatch({ compares }: DesiredConsumer, partition: number): Promise<void> {
    if (this.known.state.building !== null) this.wakeUp.wake();
    if (compares === null || !isToCompare(this.known.state, compares.build, partition)) return;
    if (!isToCompare(await this.state(), compares.build, partition)) return;
    const comparison = await comparisonOf(this.models, compares, partition);
    if (comparison === null) return;
    await this.tell({ type: 'Compare', number: compares.build, comparison });
    await this.state();
  }

  private async advance(
    { serving, building }: BuildsState,
    consumers: readonly DesiredConsumer[],
  ): Promise<number> {
    if (building === null) {
      const versions = versionsOf(this.offered);
      if (missingIn(serving!, versions).length === 0) return 0;
      return this.tell({ type: 'AddModels', versions });
    }
    if (building.partitions !== null) {
      const compares = consumers.find((consumer) => consumer.compares !== null)?.compares;
      return compares ? this.compareEmpty(building, compares) : 0;
    }
    if (!(await this.hasCaughtUp(building))) return 0;
    const { number, rebuilds } = building;
    if (rebuilds === undefined) return this.tell({ type: 'ServeBuild', number });
    return this.tell({ type: 'CatchUp', number, partitions: this.log.partitions });
  }

  /** True when the build has taken everything that was on the log at an earlier moment, and little has come since. */
  private async hasCaughtUp(building: Building): Promise<boolean> {
    const begun = begunBy(building, this.offered);
    if (begun === null) return false;
    if (this.goal?.build !== building.number) {
      this.goal = { build: building.number, ends: await this.log.ends() };
    }
    const before = this.goal.ends;
    for (const { id } of begun) {
      const checkpoints = await this.models.checkpoints(id);
      if (before.some((end, partition) => checkpoints[partition]!.offset < end)) return false;
    }
    const ends = await this.log.ends();
    this.goal = { build: building.number, ends };
    return ends.every((end, partition) => end - before[partition]! <= lagMax);
  }

  /** Compares the partitions without records, of which no batch is ever taken. */
  private async compareEmpty(building: Building, compares: Compared): Promise<number> {
    let steps = 0;
    for (const partition of uncompared(building)) {
      const comparison = await comparisonOfNothing(this.models, compares, partition);
      if (comparison === null) continue;
      steps += await this.tell({ type: 'Compare', number: building.number, comparison });
    }
    return steps;
  }

  private async dropLeftBehind({ serving, building, started }: BuildsState): Promise<void> {
    // What a later release builds is not known here.
    if (building !== null && begunBy(building, this.offered) === null) return;
    const needed = [serving!, ...(building === null ? [] : [building])];
    const ids = needed.flatMap((build) => [...figureIds(build, this.offered).values()]);
    const models = await leftBehind(this.models, this.offered, new Set(ids), started);
    for (const model of models) await this.models.drop(model);
  }

  /** Resolves to 1 when something was decided, else to 0. */
  private async tell(command: BuildsCommand): Promise<number> {
    const { events } = await handle(this.store, builds, buildsId, command, {
      commandId: randomUUID(),
      at: this.clock.now().toISOString(),
      actor: 'analytics',
    });
    return Math.min(1, events.length);
  }

  /**
   * The store or the log is unavailable, or a build needs a later release. It is retried, and logged once. When another
   * replica was faster it is only counted.
   */
  private failed(error: unknown): void {
    if (this.stopping.signal.aborted || this.retries.counts(error)) return;
    const { name, code = name } = error as Error & { readonly code?: string };
    if (code !== this.failure)
      this.logger.warn('reconciling the builds failed, retrying', { error: name, code });
    this.failure = code;
  }
}

function isToCompare({ building }: BuildsState, build: number, partition: number): boolean {
  return building?.number === build && uncompared(building).includes(partition);
}

function isWithoutLog(error: unknown): boolean {
  return error instanceof Unavailable && error.code === 'LOG_UNAVAILABLE';
}

/** The outcome of a promise, as a function that returns or throws it later. */
async function settled<T>(promise: Promise<T>): Promise<() => T> {
  try {
    const value = await promise;
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}
