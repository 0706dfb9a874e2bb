import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { defaultPolicy } from '@readership/contracts';
import { Clock, LogPipelines } from '@readership/host';
import {
  EventLog,
  EventStore,
  fold,
  handle,
  JobQueue,
  ReadModels,
  Refusal,
  Runner,
  type Consumption,
  type JobWorker,
  type LogRecord,
} from '@readership/kernel';
import { randomUUID } from 'node:crypto';
import { figureModels, leftBehind, type FigureModels } from './figure-models.js';
import { figures, type FiguresCommand, type FiguresState } from './figures.decider.js';
import type { Build } from './figures.events.js';

/** The one stream of its category. */
export const figuresId = 'consortium';

/** A build that is kept up to date with the log. */
export interface Running {
  readonly build: Build;
  readonly ids: FigureModels;
}

interface Run extends Running {
  readonly consumption: Consumption;
  /** Answers that are being read from it. */
  readers: number;
}

const queue = 'figures';
const servingWindow = 5_000;
/** Large, so that a reader's whole history is folded before it is written. */
const buildWindow = 100_000;
/** A build that is this close behind the log may answer. */
const lagMax = 1_000;
const lookMs = 200;
/** How often a question may meet figures that are replaced under it. */
const readAttemptsMax = 5;

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/**
 * Keeps the build that answers up to date, and brings up the one that is to follow it: a job, so that it goes on after a
 * crash. What has been replaced is dropped once nobody reads it any more.
 */
@Injectable()
export class Figures implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly runs = new Map<number, Promise<Run>>();
  private serving: Run | null = null;
  private worker: JobWorker | null = null;
  private following: Promise<void> = Promise.resolve();
  private settling: Promise<void> = Promise.resolve();
  private stopping = false;

  constructor(
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(ReadModels) private readonly models: ReadModels,
    @Inject(EventLog) private readonly log: EventLog,
    @Inject(LogPipelines) private readonly pipelines: LogPipelines,
    @Inject(JobQueue) private readonly jobs: JobQueue,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.tell({ type: 'BeginServing', policy: defaultPolicy, timeZone: 'UTC' });
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
   * Answers from one build, which this process keeps until the answer is complete. Another one may replace it sooner and
   * drop it: so an answer counts only if its build still served afterwards, and is read anew if it did not.
   */
  async reading<T>(read: (serving: Running) => Promise<T>): Promise<T> {
    for (let attempt = 1; attempt <= readAttemptsMax; attempt++) {
      const run = this.serving!;
      run.readers++;
      const answer = await read(run)
        .then(
          (value) => () => value,
          (error: unknown) => () => {
            throw error;
          },
        )
        .finally(() => run.readers--);
      const state = await this.state();
      if (state.serving?.number === run.build.number) return answer();
      await this.serve(state);
    }
    throw new Refusal('FIGURES_CHANGING', 'not-yet', 'The figures are being replaced: ask again.');
  }

  /** Turns the builds that were decided upon into jobs, and goes along with what other processes decided. */
  private async follow(): Promise<void> {
    while (!this.stopping) {
      try {
        const { serving, building } = await this.state();
        const kept = [serving?.number, building?.number];
        if (!this.runs.has(serving!.number) || [...this.runs.keys()].some((run) => !kept.includes(run)))
          await this.settle();
        if (building !== null && !this.runs.has(building.number)) {
          const id = `build-${building.number}`;
          await this.jobs.enqueue({ queue, id, data: { build: building.number } });
          await this.jobs.retry(queue, id);
        }
      } catch {
        // The store did not answer: it is asked again.
      }
      await pause(lookMs);
    }
  }

  private async bringUp(number: number): Promise<void> {
    let goal = await this.log.ends();
    for (;;) {
      if (this.stopping) throw new Error('STOPPING');
      const { building } = await this.state();
      if (building?.number !== number) break;
      const run = await this.run(building, buildWindow);
      if (await this.reached(run, goal)) {
        const ends = await this.log.ends();
        if (ends.every((end, partition) => end - goal[partition]! <= lagMax)) {
          await this.tell({ type: 'ServeBuild', number });
          break;
        }
        goal = ends;
      }
      await pause(50);
    }
    await this.settle();
  }

  private async reached({ ids }: Running, goal: readonly number[]): Promise<boolean> {
    for (const model of Object.values<string>({ ...ids })) {
      for (const [partition, end] of goal.entries()) {
        if ((await this.models.checkpoint(model, partition)).offset < end) return false;
      }
    }
    return true;
  }

  /** Serves what is to be served, and stops and drops what neither serves nor is on its way. */
  private settle(): Promise<void> {
    this.settling = this.settling
      .catch(() => undefined)
      .then(async () => {
        const state = await this.state();
        const { serving, building, started } = state;
        await this.serve(state);
        const kept = building === null ? [serving!] : [serving!, building];
        for (const [number, run] of this.runs) {
          if (kept.some((build) => build.number === number)) continue;
          this.runs.delete(number);
          await (await run).consumption.stop();
          while ((await run).readers > 0) await pause(10);
        }
        for (const model of await leftBehind(this.models, kept, started)) await this.models.drop(model);
      });
    return this.settling;
  }

  /** Answers from the build that serves by now; never again from an earlier one. */
  private async serve({ serving }: FiguresState): Promise<void> {
    if (serving === null || serving.number <= (this.serving?.build.number ?? 0)) return;
    const run = await this.run(serving, servingWindow);
    if (serving.number > (this.serving?.build.number ?? 0)) this.serving = run;
  }

  private run(build: Build, window: number): Promise<Run> {
    const known = this.runs.get(build.number);
    if (known) return known;
    const { models, ids } = figureModels(build);
    const takers = models.map((model) => new Runner<LogRecord, any>(model, this.models));
    const run = this.pipelines
      .run(`analytics.figures.${build.number}`, takers, window)
      .then((consumption) => ({ build, ids, consumption, readers: 0 }));
    this.runs.set(build.number, run);
    run.catch(() => this.runs.delete(build.number));
    return run;
  }

  private async state(): Promise<FiguresState> {
    return (await fold(this.store, figures, figuresId)).state;
  }

  private async tell(command: FiguresCommand): Promise<void> {
    await handle(this.store, figures, figuresId, command, {
      commandId: randomUUID(),
      at: this.clock.now().toISOString(),
      actor: 'analytics',
    });
  }
}
