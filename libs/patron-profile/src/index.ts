export * from './patron-profile.module.js';
export * from './publish.js';
