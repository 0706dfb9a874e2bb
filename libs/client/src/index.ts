export * from './readership-client.js';
