import { Refusal, type EventLog, type EventStore, type Parked, type ReadModels } from '@readership/kernel';
import type { JobWorkers } from './job-workers.js';

/** What readiness, metrics and the audit see of a context that runs in this process. */
export interface ContextStatus {
  readonly name: string;
  readonly store: EventStore;
  readonly log: EventLog;
  readonly models: ReadModels;
  /** Ids of the models and reactions over published facts that run now. */
  readonly publishedIds: ReadonlySet<string>;
  /** Ids of the models over the context's own events that run now. */
  readonly ownIds: ReadonlySet<string>;
  /** Its relay and consumers were started and not stopped. */
  readonly running: boolean;
  /** Since when the oldest event in hand of a partition waits to be published, RFC 3339; `null`: none does. */
  unpublishedSince(partition: number): string | null;
  /** The same of the records that the models and reactions over published facts have in hand. */
  pendingSince(partition: number): string | null;
  /** Partitions whose log cannot be followed any further until somebody looked, and why. */
  readonly halted: ReadonlyMap<number, string>;
  /** Runs the jobs of the context's queues. */
  readonly jobWorkers: JobWorkers;
  /** Takes what is parked of a key; see `Processor`. */
  replay(model: string, partition: number, key: string): Promise<number>;
  discard(model: string, partition: number, key: string, offset: number): Promise<Parked | null>;
}

/** The contexts of this process, each entered by its own module. */
export class Contexts {
  private readonly entered = new Map<string, ContextStatus>();
  /** Resolves, to why, when a context that runs finds that it must not: the process has to end. */
  readonly mustEnd: Promise<Error>;
  /** Ends the process, with the message of the error as its last line. */
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

  /** The one that a request names; refused when it names none, or one of another process. */
  asked(name: string | undefined): ContextStatus {
    if (name === undefined) {
      throw new Refusal('CONTEXT_REQUIRED', 'invalid', 'Name the context, such as ?context=interaction-log.');
    }
    const context = this.entered.get(name);
    if (!context) throw new Refusal('UNKNOWN_CONTEXT', 'unknown', 'No context with this name runs here.');
    return context;
  }
}

/** Refuses a partition that the context does not have. */
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
