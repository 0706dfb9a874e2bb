export { expected, monthName, monthsToTell, personOf, scopes, type Series } from './readership/oracle.js';
export { branches, branchesByLibrary, type History } from './readership/random-history.js';
