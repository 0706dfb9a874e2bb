import { Unavailable } from './unavailable.js';

/** Names a background loop of a context. Where a loop has partitions, each partition is reported separately. */
export interface LoopName {
  readonly loop: string;
  readonly context: string;
  readonly partition?: number;
}

/** How a loop reports the outcome of its steps. */
export interface LoopReport {
  /** A step begins. A step that does not end in time counts as failing. */
  began(): void;
  /** The step ended without an error, even if there was nothing to do. */
  succeeded(): void;
  failed(error: unknown): void;
  /** The loop ended. */
  ended(): void;
}

/** A loop that has failed for too long, with all its failing partitions. */
export interface FailingLoop {
  readonly loop: string;
  readonly context: string;
  readonly partitions?: readonly number[];
  /** When the first step of the failing series began, RFC 3339. */
  readonly since: string;
  /** An error's code or name, never its message: `LOG_UNAVAILABLE`, or `NO_ANSWER` when a step does not end. */
  readonly reason: string;
}

interface State {
  readonly name: LoopName;
  readonly toleratedMs: number;
  begunAt: number | null;
  failingSince: number | null;
  reason: string;
  lastReportAt: number;
}

const toleratedMs = 60_000;
/**
 * A loop that is silent for this long no longer runs here: another process has its partition. No loop pauses this long
 * between two tries.
 */
const silentMs = 120_000;

/** Collects the reports of every background loop of a process. */
export class LoopHealth {
  private readonly states = new Set<State>();

  constructor(private readonly now: () => number = Date.now) {}

  /** `toleratedMs`: how long the loop may fail before `failing` lists it; 60 s by default. */
  report(name: LoopName, options: { readonly toleratedMs?: number } = {}): LoopReport {
    const state: State = {
      name,
      toleratedMs: options.toleratedMs ?? toleratedMs,
      begunAt: null,
      failingSince: null,
      reason: '',
      lastReportAt: 0,
    };
    const heard = (): void => {
      this.states.add(state);
      state.lastReportAt = this.now();
    };
    return {
      began: () => {
        heard();
        state.begunAt = this.now();
      },
      succeeded: () => {
        heard();
        state.begunAt = null;
        state.failingSince = null;
      },
      failed: (error) => {
        heard();
        state.failingSince ??= state.begunAt ?? this.now();
        state.begunAt = null;
        state.reason = reasonOf(error);
      },
      ended: () => void this.states.delete(state),
    };
  }

  /** The loops that have failed, or have been stuck in one step, for longer than they are tolerated to. */
  failing(): readonly FailingLoop[] {
    const found = new Map<
      string,
      { name: LoopName; partitions: Set<number>; since: number; reason: string }
    >();
    for (const state of this.states) {
      const since = this.failingSince(state);
      if (since === null) continue;
      const { name } = state;
      const reason = state.failingSince === null ? 'NO_ANSWER' : state.reason;
      const key = JSON.stringify([name.loop, name.context]);
      let one = found.get(key);
      if (!one) found.set(key, (one = { name, partitions: new Set(), since, reason }));
      if (since < one.since) Object.assign(one, { since, reason });
      if (name.partition !== undefined) one.partitions.add(name.partition);
    }
    return [...found.values()].map(({ name: { loop, context }, partitions, since, reason }) => ({
      loop,
      context,
      ...(partitions.size === 0 ? {} : { partitions: [...partitions].sort((a, b) => a - b) }),
      since: new Date(since).toISOString(),
      reason,
    }));
  }

  private failingSince({ begunAt, failingSince, toleratedMs, lastReportAt }: State): number | null {
    const now = this.now();
    const since = failingSince ?? begunAt;
    if (since === null || now - since < toleratedMs) return null;
    return begunAt !== null || now - lastReportAt < silentMs ? since : null;
  }
}

/** Runs one step of a loop and reports its outcome. */
export async function reported<T>(report: LoopReport, step: () => Promise<T>): Promise<T> {
  report.began();
  try {
    const result = await step();
    report.succeeded();
    return result;
  } catch (error) {
    report.failed(error);
    throw error;
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Unavailable) return error.code;
  return error instanceof Error ? error.name : 'UNKNOWN';
}
