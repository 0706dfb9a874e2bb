export * from './event.js';
export * from './ids.js';
export * from './loop-health.js';
export * from './partition.js';
export * from './refusal.js';
export * from './unavailable.js';
export * from './wake-up.js';

export * from './ports/access-store.js';
export * from './ports/adapters.js';
export * from './ports/dead-letters.js';
export * from './ports/event-log.js';
export * from './ports/event-store.js';
export * from './ports/job-end.js';
export * from './ports/job-queue.js';
export * from './ports/read-models.js';

export * from './write/commit-body.js';
export * from './write/commit-text.js';
export * from './write/decider.js';
export * from './write/handle.js';
export * from './write/sealing.js';
export * from './write/store-keys.js';
export * from './write/unreadable.js';

export * from './log/log-history.js';
export * from './log/relay.js';
export * from './log/republish.js';

export * from './read/delivery.js';
export * from './read/fingerprint.js';
export * from './read/log-consumer.js';
export * from './read/own-events-consumer.js';
export * from './read/processor-group.js';
export { Processor } from './read/processor.js';
export * from './read/projection.js';
export * from './read/reaction.js';
export * from './read/read-model-processor.js';
