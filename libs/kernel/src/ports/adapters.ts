import type { Publish } from '../event.js';
import type { AccessStore } from './access-store.js';
import type { EventLog } from './event-log.js';
import type { EventStore } from './event-store.js';
import type { JobQueue } from './job-queue.js';
import type { ReadModels } from './read-models.js';
import type { DeadLetters } from './dead-letters.js';

/** The ports of one deployment. A composition root makes one and gives it to every context's module. */
export interface Adapters {
  readonly access: AccessStore;
  readonly eventLog: EventLog;
  readonly deadLetters: DeadLetters;
  eventStore(context: string, publish: Publish<any>): EventStore;
  readModels(context: string): ReadModels;
  jobQueue(context: string): JobQueue;
  /** Releases all resources. Call it after everything that uses the ports has stopped. */
  close(): Promise<void>;
}
