export * from './patron-profile.module.js';
export * from './publish.js';
export { Cards } from './cards/cards.js';
export { branch } from './directory/branch.decider.js';
export { PatronCards } from './patrons/patron-cards.js';
export { patron } from './patrons/patron.decider.js';
export { registrationOf } from './patrons/registration.js';
export { Registrations } from './patrons/registrations.js';
export { patronSearch } from './search/patron-search.projection.js';
