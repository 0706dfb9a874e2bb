export * from './published.js';
export * from './shapes.js';
