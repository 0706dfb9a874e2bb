import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { defaultPolicy } from '@readership/contracts';
import { Clock, LogConsumers } from '@readership/host';
import {
  EventLog,
  EventStore,
  handle,
  JobQueue,
  ReadModels,
  Refusal,
  readModelProcessor,
  type Consumption,
  type JobWorker,
  type LogRecord,
  type ReadModel,
} from '@readership/kernel';
import { randomUUID } from 'node:crypto';
import { compared, uncompared, type Rebuilding } from './comparing.js';
import {
  figureIds,
  figureModel,
  leftBehind,
  OFFERED,
  versionsOf,
  type FigureModels,
  type Offered,
} from './figure-models.js';
import {
  figures,
  isCompared,
  type Building,
  type FiguresCommand,
  type FiguresState,
  type Standing,
} from './figures.decider.js';
import { figureNames, type FiguresEvent } from './figures.events.js';

/** The one stream of its category. */
export const figuresId = 'consortium';
const stream = `${figures.category}-${figuresId}`;

/** The build that answers. */
export interface Running {
  readonly build: Standing;
  readonly ids: FigureModels;
}

/** Read models that are kept up to date together, as one group of the log. */
interface Keeping {
  /** What it keeps, as one text: two that say the same are the same. */
  readonly name: string;
  readonly group: string;
  readonly window: number;
  readonly models: readonly ReadModel<any>[];
}

const queue = 'figures';
const servingWindow = 5_000;
/** Large, so that much of a reader's history is folded before it is written; half of it again and the process would pass 512 MB. */
const buildWindow = 50_000;
/** A build that is this close behind the log may answer, or be compared. */
const lagMax = 1_000;
const lookMs = 200;
const readsMax = 5;

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/**
 * Keeps the build that answers up to date, and brings up the one that is to follow it: a job, so that it goes on after a
 * crash. Which build answers is decided by the figures' stream alone: every replica follows it, and none gives an answer
 * read from a build that had been replaced meanwhile. What has been replaced is dropped.
 */
@Injectable()
export class Figures implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('figures');
  private readonly kept = new Map<string, Consumption>();
  private known: { readonly state: FiguresState; readonly version: number } = {
    state: figures.initial,
    version: 0,
  };
  private serving: Running | null = null;
  /** The build that this process brings up. */
  private bringing: number | null = null;
  private worker: JobWorker | null = null;
  private following: Promise<void> = Promise.resolve();
  private settling: Promise<void> = Promise.resolve();
  private stopping = false;

  constructor(
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(ReadModels) private readonly models: ReadModels,
    @Inject(EventLog) private readonly log: EventLog,
    @Inject(LogConsumers) private readonly consumers: LogConsumers,
    @Inject(JobQueue) private readonly jobs: JobQueue,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(OFFERED) private readonly offered: Offered,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const versions = versionsOf(this.offered);
    await this.tell({ type: 'BeginServing', policy: defaultPolicy, timeZone: 'UTC', versions });
    await this.settle();
    this.worker = await this.jobs.process(
      queue,
      (job) => this.bringUp((job.data as { build: number }).build),
      {
        attemptsMax: 1_000,
        backoffMs: lookMs,
      },
    );
    this.following = this.follow();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    await this.worker?.stop();
    await this.following;
    await this.settling.catch(() => undefined);
  }

  /**
   * Answers from one build, the one that answers when the answer is complete: what was read while another took over is
   * read again. `BUSY` when that happens time and again.
   */
  async reading<T>(read: (serving: Running) => Promise<T>): Promise<T> {
    for (let attempt = 1; attempt <= readsMax; attempt++) {
      const { serving } = this;
      const answer = await settled(read(serving!));
      if ((await this.state()).serving!.number === serving!.build.number) return answer();
      await this.settle();
    }
    throw new Refusal('BUSY', 'not-yet', 'The figures are being replaced: try again in a moment.');
  }

  /** What has been decided so far. */
  async state(): Promise<FiguresState> {
    let { state, version } = this.known;
    for (;;) {
      const page = await this.store.load(stream, version);
      state = (page.events as readonly unknown[] as readonly FiguresEvent[]).reduce(figures.evolve, state);
      version = page.version;
      if (!page.more) break;
    }
    if (version > this.known.version) this.known = { state, version };
    return state;
  }

  /** Follows what is decided, here or by another replica, and turns builds that were decided upon into jobs. */
  private async follow(): Promise<void> {
    let trouble: string | null = null;
    while (!this.stopping) {
      try {
        const state = await this.state();
        if (!this.isKept(state)) await this.settle();
        const { building } = state;
        if (building !== null && !isCompared(building) && this.bringing !== building.number) {
          const id = `build-${building.number}`;
          await this.jobs.enqueue({ queue, id, data: { build: building.number } });
          await this.jobs.retry(queue, id);
        }
        trouble = null;
      } catch (error) {
        // The store did not answer, or what is to be kept is not known to this release: it is looked at again.
        const { name } = error as Error;
        if (name !== trouble) this.logger.warn('the figures are looked at again', { error: name });
        trouble = name;
      }
      await pause(lookMs);
    }
  }

  /** Builds until it has caught up; then it answers, or each partition is compared. */
  private async bringUp(number: number): Promise<void> {
    this.bringing = number;
    try {
      let goal = await this.log.ends();
      for (;;) {
        if (this.stopping) throw new Error('STOPPING');
        const state = await this.state();
        const { building } = state;
        if (building?.number !== number || isCompared(building)) break;
        if (!this.isKept(state)) await this.settle();
        if (building.partitions === null) goal = await this.catchUp(building, goal);
        else await this.compare(building, uncompared(building));
        await pause(50);
      }
    } finally {
      this.bringing = null;
    }
    await this.settle();
  }

  /** Resolves to how far it must come next. */
  private async catchUp(building: Building, goal: readonly number[]): Promise<readonly number[]> {
    const ids = this.begunBy(building).map(({ id }) => id);
    for (const id of ids) {
      for (const [partition, end] of goal.entries()) {
        if ((await this.models.checkpoint(id, partition)).offset < end) return goal;
      }
    }
    const ends = await this.log.ends();
    if (ends.some((end, partition) => end - goal[partition]! > lagMax)) return ends;
    const { number, rebuilds } = building;
    if (rebuilds === undefined) await this.tell({ type: 'ServeBuild', number });
    else await this.tell({ type: 'CatchUp', number, partitions: ends.length });
    return ends;
  }

  private async compare(building: Building, partitions: readonly number[]): Promise<void> {
    const rebuilding = this.rebuilding(building);
    if (rebuilding === null || partitions.length === 0) return;
    for (const comparison of await compared(this.models, rebuilding, partitions)) {
      await this.tell({ type: 'Compare', number: building.number, comparison });
    }
    await this.state();
  }

  /**
   * Between two batches that both editions took together: here they stand level also when the log never rests. A
   * comparison that fails is for the next batch.
   */
  private async compareBetween(partition: number): Promise<void> {
    const { building } = this.known.state;
    if (building === null || !uncompared(building).includes(partition)) return;
    try {
      await this.compare(building, [partition]);
    } catch (error) {
      this.logger.debug('a partition is compared again', { error: (error as Error).name });
    }
  }

  private rebuilding(build: Building): Rebuilding | null {
    const { serving } = this.known.state;
    if (build.rebuilds === undefined || serving === null) return null;
    const id = (of: Standing) => figureModel(of, build.rebuilds!, this.offered).id;
    return { build, live: id(serving), built: id(build) };
  }

  /** The models that are not another build's as well. */
  private begunBy(build: Standing): readonly ReturnType<typeof figureModel>[] {
    return figureNames
      .filter((name) => build.editions[name].build === build.number)
      .map((name) => figureModel(build, name, this.offered));
  }

  private keepings({ serving, building }: FiguresState): readonly Keeping[] {
    const answering = figureNames.map((name) => figureModel(serving!, name, this.offered));
    if (building !== null && building.partitions !== null) {
      return [keeping(serving!, [...answering, ...this.begunBy(building)], servingWindow)];
    }
    const keepings = [keeping(serving!, answering, servingWindow)];
    if (building !== null && building.number === this.bringing) {
      keepings.push(keeping(building, this.begunBy(building), buildWindow));
    }
    return keepings;
  }

  private isKept(state: FiguresState): boolean {
    const names = this.keepings(state).map(({ name }) => name);
    const build = this.serving?.build.number;
    return (
      build === state.serving?.number &&
      names.length === this.kept.size &&
      names.every((name) => this.kept.has(name))
    );
  }

  /** Keeps what is to be kept, answers from what is to answer, and drops what is neither. */
  private settle(): Promise<void> {
    this.settling = this.settling
      .catch(() => undefined)
      .then(async () => {
        const state = await this.state();
        const keepings = this.keepings(state);
        for (const [name, consumption] of this.kept) {
          if (keepings.some((one) => one.name === name)) continue;
          this.kept.delete(name);
          await consumption.stop();
        }
        for (const one of keepings) {
          if (!this.kept.has(one.name)) this.kept.set(one.name, await this.keep(one));
        }
        const serving = state.serving!;
        this.serving = { build: serving, ids: figureIds(serving, this.offered) };
        const needed = [serving, ...(state.building === null ? [] : [state.building])];
        const ids = needed.flatMap((build) => Object.values<string>(figureIds(build, this.offered)));
        const newest = Math.max(...needed.map(({ number }) => number));
        for (const model of await leftBehind(this.models, new Set(ids), newest))
          await this.models.drop(model);
      });
    return this.settling;
  }

  private keep({ group, window, models }: Keeping): Promise<Consumption> {
    const processors = models.map((model) => readModelProcessor<LogRecord, any>(model, this.models));
    return this.consumers.run(group, processors, window, (partition) => this.compareBetween(partition));
  }

  private async tell(command: FiguresCommand): Promise<void> {
    await handle(this.store, figures, figuresId, command, {
      commandId: randomUUID(),
      at: this.clock.now().toISOString(),
      actor: 'analytics',
    });
  }
}

function keeping(
  { number }: Standing,
  made: readonly ReturnType<typeof figureModel>[],
  window: number,
): Keeping {
  const group = `analytics.figures.${number}`;
  const models = made.map(({ model }) => model);
  return { name: [group, ...made.map(({ id }) => id)].join(' '), group, window, models };
}

/** What a promise came to, to be given out later. */
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
