import { foldedName, visibleOf } from '@readership/contracts';
import type { Projection, Stored } from '@readership/kernel';
import type { ContactNow } from '../patrons/patron.decider.js';
import type { ContactChange, PatronContactChanged, PatronRegistered } from '../patrons/patron.events.js';
import { latinName } from './latin-name.js';

/** The fields by which a patron is found. Everything else is read from the patron's stream. */
export type PatronSearchRow = ContactNow;

/**
 * A read model of this context's own events, because only they hold names. A patron whose data was destroyed is not
 * found.
 */
export const patronSearch: Projection<Stored<PatronRegistered | PatronContactChanged>, PatronSearchRow> = {
  name: 'patron-search',
  version: 1,
  on: ['PatronRegistered', 'PatronContactChanged'],
  key: (event) => event.key,

  apply(row, event) {
    const before = row ?? { givenName: null, familyName: null, email: null, phone: null };
    const change: ContactChange = event.personal ?? {};
    const { givenName = before.givenName, familyName = before.familyName } = change;
    const { email = before.email, phone = before.phone } = change;
    return { givenName, familyName, email, phone };
  },

  indexes: {
    name({ givenName, familyName }) {
      const values = [`${familyName ?? ''} ${givenName ?? ''}`, `${givenName ?? ''} ${familyName ?? ''}`];
      return [...new Set([...values.map(foldedName), ...values.map(latinName)])].filter(
        (value) => value !== '',
      );
    },
    email: ({ email }) => (email === null ? [] : [foldedEmail(email)]),
    phone: ({ phone }) => (phone === null ? [] : [digits(phone)]),
  },
};

export function foldedEmail(email: string): string {
  return visibleOf(email.normalize('NFKC')).trim().toLowerCase();
}

/** The digits of a telephone number; only they are compared. */
export function digits(phone: string): string {
  return phone.normalize('NFKC').replace(/[^0-9]/g, '');
}
