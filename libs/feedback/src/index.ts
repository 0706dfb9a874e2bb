export { FeedbackModule } from './feedback.module.js';
export { publish, type FeedbackEvent } from './publish.js';
