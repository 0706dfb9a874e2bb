export * from './card-number.js';
export * from './closed-branches.js';
export * from './contexts.js';
export * from './folded-name.js';
export * from './published.js';
export * from './shapes.js';
export * from './text.js';
