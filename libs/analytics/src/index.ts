export { AnalyticsModule } from './analytics.module.js';
export { figureModels } from './builds/figure-models.js';
export { builds } from './builds/builds.decider.js';
export { people } from './readership/people.tally.js';
export {
  readerActivity,
  type ReaderActivity,
  type ReaderFact,
} from './readership/reader-activity.projection.js';
export { volumes } from './volumes/volumes.tally.js';
export { peopleCounts } from './readership/people.js';
