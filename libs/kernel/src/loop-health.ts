import { Unavailable } from './unavailable.js';

/** Names a background loop of a context; of one that goes by partitions each partition is a loop of its own. */
export interface LoopName {
  readonly loop: string;
  readonly context: string;
  readonly partition?: number;
}

/** How one loop fares. */
export interface LoopReport {
  /** A step begins. One that does not end in time counts as failing. */
  began(): void;
  /** The step ended; also when there was nothing to do. */
  succeeded(): void;
  failed(error: unknown): void;
  /** The loop ended. */
  ended(): void;
}

/** A loop that has failed for too long: all its partitions that do so, since the first of them did. */
export interface FailingLoop {
  readonly loop: string;
  readonly context: string;
  readonly partitions?: readonly number[];
  /** RFC 3339: when the first step began that did not succeed. */
  readonly since: string;
  /** A code or the name of an error, never a message: `LOG_UNAVAILABLE`, `NO_ANSWER` where a step does not end. */
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
/** A loop that reports no more is not run any more: another process has its partition. None rests this long between two tries. */
const silentMs = 120_000;

/** The one place where every background loop of a process reports how it fares. */
export class LoopHealth {
  private readonly states = new Set<State>();

  constructor(private readonly now: () => number = Date.now) {}

  /** `toleratedMs`: how long the loop may fail before it counts as failing; absent: 60 s. */
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

  /** The loops that have failed, or hung in a step, for as long as is tolerated. */
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

/** One step of a loop, reported. */
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
