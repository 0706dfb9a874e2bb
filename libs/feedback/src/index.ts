export { consortium } from './directory/consortium.projection.js';
export { knownBranches } from './directory/known-branches.projection.js';
export { FeedbackModule } from './feedback.module.js';
export { publish, type FeedbackEvent } from './publish.js';
export { surveysList } from './surveys/surveys-list.projection.js';
export { testimonialsList } from './testimonials/testimonials-list.projection.js';
