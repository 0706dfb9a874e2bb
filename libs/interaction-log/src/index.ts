export * from './interaction-log.module.js';
export * from './interaction.events.js';
export { publish } from './publish.js';
