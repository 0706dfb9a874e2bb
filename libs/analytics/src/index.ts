export { AnalyticsModule } from './analytics.module.js';
export { figureModels } from './figures/figure-models.js';
export { figures } from './figures/figures.decider.js';
export { people } from './readership/people.tally.js';
export { readerActivity } from './readership/reader-activity.projection.js';
export { volumes } from './volumes/volumes.tally.js';
