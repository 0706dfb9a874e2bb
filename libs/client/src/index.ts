export * from './accounts.js';
export * from './readership-client.js';
