export {
  around,
  caughtBy,
  runCase,
  sabotaged,
  type ContractCase,
  type Fixture,
  type Maker,
  type Saboteur,
} from './contract/contract.js';
export { accessStoreContract, type AccessStoreFixture } from './contract/access-store.contract.js';
export { accessStoreSaboteurs } from './contract/access-store-saboteurs.js';
export { eventLogContract } from './contract/event-log.contract.js';
export type { EventLogFixture } from './contract/published.fixture.js';
export { eventLogSaboteurs } from './contract/event-log-saboteurs.js';
export { eventStoreContract } from './contract/event-store.contract.js';
export { eventStoreModel, type Tries } from './contract/event-store-model.js';
export { eventStoreSaboteurs } from './contract/event-store-saboteurs.js';
export { jobQueueContract, type JobQueueFixture } from './contract/job-queue.contract.js';
export { jobQueueSaboteurs } from './contract/job-queue-saboteurs.js';
export { contractPublish, type EventStoreFixture } from './contract/notes.fixture.js';
export { withPrivateFields } from './contract/private-fields.fixture.js';
export { readModelsContract } from './contract/read-models.contract.js';
export { readModelsModel } from './contract/read-models-model.js';
export { readModelsSaboteurs } from './contract/read-models-saboteurs.js';
export { keyedContext, storeKeysContract, type StoreKeysFixture } from './contract/store-keys.contract.js';
export { storeKeysSaboteurs } from './contract/store-keys-saboteurs.js';
export type { ReadModelsFixture } from './contract/batches.fixture.js';
export * from './contract/given.js';
