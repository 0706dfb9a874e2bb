import { interactionKinds } from '@readership/contracts';
import { day, flag, grantSchema, integer, listOf, object, oneOf, resource, text } from '@readership/host';
import { patronLookups } from './directory.events.js';

/** The OpenAPI schema of a library as it is answered. */
export const librarySchema = resource('Library', { id: text, name: text });

const branchShape = {
  id: text,
  name: text,
  library: text,
  timeZone: text,
  'population?': { ...integer, minimum: 1 },
  'populationSince?': day,
  'closedOn?': day,
};

/** The OpenAPI schema of `BranchDetails`. */
export const branchSchema = resource('Branch', branchShape);

const keyGrants = listOf(object({ id: text, name: text, grant: grantSchema }));
/** The OpenAPI schema of `ChangedBranch`. */
export const changedBranchSchema = resource('ChangedBranch', {
  ...branchShape,
  'grants?': {
    ...object({ gained: keyGrants, lost: keyGrants }),
    description:
      'After a transfer, for whoever may manage keys: the grants of API keys that reach the branch since then, and those that reach it no more.',
  },
});

/** The OpenAPI schema of `ConsortiumSettings`. */
export const consortiumSchema = resource('Consortium', {
  name: text,
  timeZone: text,
  currency: text,
  fiscalYearStartMonth: { ...integer, minimum: 1, maximum: 12 },
  activityPolicy: resource('ActivityPolicy', {
    qualifying: listOf(oneOf(...interactionKinds)),
    windowMonths: { ...integer, enum: [6, 12, 24, 36] },
    digital: flag,
  }),
  patronLookup: oneOf(...patronLookups),
});
