export { expected, monthName, monthsToTell, personOf, scopes, type Series } from './people-oracle.js';
export { branches, branchesByLibrary, type History } from './random-history.js';
