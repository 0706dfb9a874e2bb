import type { EventLog, EventStore, ReadModels } from '@readership/kernel';

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
  /** Its relay, feeds and pipelines were started and not stopped. */
  readonly running: boolean;
}

/** The contexts of this process, each entered by its own module. */
export class Contexts {
  private readonly entered = new Map<string, ContextStatus>();

  enter(status: ContextStatus): void {
    this.entered.set(status.name, status);
  }

  get all(): readonly ContextStatus[] {
    return [...this.entered.values()];
  }

  named(name: string): ContextStatus | undefined {
    return this.entered.get(name);
  }
}

const controllers = new WeakMap<object, string>();

/** Remembers which context a controller belongs to. */
export function belongs(controller: object, context: string): void {
  controllers.set(controller, context);
}

export function contextOf(controller: object): string | undefined {
  return controllers.get(controller);
}
