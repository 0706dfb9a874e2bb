export { AnalyticsModule } from './analytics.module.js';
export { people } from './readership/people.tally.js';
export { readerActivity } from './readership/reader-activity.projection.js';
export { volumes } from './volumes/volumes.tally.js';
