import { Refusal, type EventLog, type EventStore, type Parked, type ReadModels } from '@readership/kernel';
import type { Accesses } from './accesses/accesses.js';
import type { ActTypes } from './acts/audit-trail.projection.js';
import type { JobWorkers } from './job-workers.js';

/** A context of this process, for readiness, metrics and the audit. */
export interface ContextStatus {
  readonly name: string;
  readonly store: EventStore;
  readonly log: EventLog;
  readonly models: ReadModels;
  /** Ids of the running models and reactions over published facts. */
  readonly publishedIds: ReadonlySet<string>;
  /** Ids of the running models over the context's own events. */
  readonly ownIds: ReadonlySet<string>;
  /** True while its relay and consumers run. */
  readonly running: boolean;
  /** Since when the oldest known event of a partition waits to be published, RFC 3339; `null` when none waits. */
  unpublishedSince(partition: number): string | null;
  /**
   * Since when the oldest record that the models and reactions over published facts hold waits, RFC 3339; `null` when
   * none waits.
   */
  pendingSince(partition: number): string | null;
  /** Partitions that are halted until an operator acts, with the reason. */
  readonly halted: ReadonlyMap<number, string>;
  /** Who was shown what belongs to its patrons. */
  readonly accesses: Accesses;
  /** The types of its events that are privileged acts. */
  readonly acts: ActTypes;
  /** Workers for the jobs of the context's queues. */
  readonly jobWorkers: JobWorkers;
  /** Applies the parked records of a key; see `Processor.replay`. */
  replay(model: string, partition: number, key: string): Promise<number>;
  /** Gives up a parked record; see `Processor.discard`. */
  discard(
    model: string,
    partition: number,
    key: string,
    offset: number,
    before: (record: Parked) => Promise<void>,
  ): Promise<Parked | null>;
}

/** The contexts of this process. Each context's module registers it. */
export class Contexts {
  private readonly entered = new Map<string, ContextStatus>();
  /** Resolves with the reason when a running context finds that it must not run; the process must end then. */
  readonly mustEnd: Promise<Error>;
  /** Ends the process. The message of the error is its last line. */
  end: (error: Error) => void = () => {};

  constructor() {
    this.mustEnd = new Promise((resolve) => (this.end = resolve));
  }

  enter(status: ContextStatus): void {
    this.entered.set(status.name, status);
  }

  get all(): readonly ContextStatus[] {
    return [...this.entered.values()];
  }

  /** The context that a request names. Throws a `Refusal` when it names none, or one of another process. */
  asked(name: string | undefined): ContextStatus {
    if (name === undefined) {
      throw new Refusal(
        'CONTEXT_REQUIRED',
        'invalid',
        'Name the context: ?context=patron-profile, interaction-log, feedback or analytics.',
      );
    }
    const context = this.entered.get(name);
    if (!context) {
      const names = [...this.entered.keys()].join(', ');
      throw new Refusal('UNKNOWN_CONTEXT', 'unknown', `No context with this name runs here, only: ${names}.`);
    }
    return context;
  }
}

/** Throws a `Refusal` when the context does not have this partition. */
export function mustHavePartition({ store }: ContextStatus, partition: number): void {
  if (partition < store.partitions) return;
  throw new Refusal('UNKNOWN_PARTITION', 'unknown', 'There is no such partition.', '/partition');
}

const controllers = new WeakMap<object, string>();

/** Remembers which context a controller belongs to. */
export function belongs(controller: object, context: string): void {
  controllers.set(controller, context);
}

export function contextOf(controller: object): string | undefined {
  return controllers.get(controller);
}
