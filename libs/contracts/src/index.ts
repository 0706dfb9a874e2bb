export * from './contexts.js';
export * from './published.js';
export * from './shapes.js';
