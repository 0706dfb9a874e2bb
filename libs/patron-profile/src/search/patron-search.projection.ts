import { foldedName, visibleOf } from '@readership/contracts';
import type { Projection, Stored } from '@readership/kernel';
import type { ContactNow } from '../patrons/patron.decider.js';
import type {
  ContactChange,
  PatronContactChanged,
  PatronMoved,
  PatronRegistered,
} from '../patrons/patron.events.js';
import { latinName } from './latin-name.js';

/** By what a patron is found, and where. Everything else is read from the patron's stream. */
export interface PatronSearchRow extends ContactNow {
  readonly home: string;
  /** The day since which it is the home; `''` for that of the registration, before all days. */
  readonly homeSince: string;
}

type Searched = PatronRegistered | PatronMoved | PatronContactChanged;

/**
 * A read model of this context's own events, because only they hold names. A patron whose data was destroyed is not
 * found. The indexes that end in `-at` find those at home in one branch: see `at`.
 */
export const patronSearch: Projection<Stored<Searched>, PatronSearchRow> = {
  name: 'patron-search',
  version: 2,
  on: ['PatronRegistered', 'PatronMoved', 'PatronContactChanged'],
  key: (event) => event.key,

  apply(row, event) {
    switch (event.type) {
      case 'PatronRegistered': {
        const { givenName = null, familyName = null, email = null, phone = null } = event.personal ?? {};
        return { givenName, familyName, email, phone, home: event.data.homeBranch, homeSince: '' };
      }
      case 'PatronMoved': {
        // Of two homes since the same day, the one recorded last counts.
        const { homeBranch, since } = event.data;
        return row && since >= row.homeSince ? { ...row, home: homeBranch, homeSince: since } : row;
      }
      case 'PatronContactChanged': {
        if (row === null) return null;
        const change: ContactChange = event.personal ?? {};
        const { givenName = row.givenName, familyName = row.familyName } = change;
        const { email = row.email, phone = row.phone } = change;
        return { ...row, givenName, familyName, email, phone };
      }
    }
  },

  indexes: {
    name: namesOf,
    email: emailsOf,
    phone: phonesOf,
    'name-at': (row) => namesOf(row).map((value) => at(row.home, value)),
    'email-at': (row) => emailsOf(row).map((value) => at(row.home, value)),
    'phone-at': (row) => phonesOf(row).map((value) => at(row.home, value)),
  },
};

/** The value of an index that ends in `-at`. No branch id has a slash. */
export function at(branch: string, value: string): string {
  return `${branch}/${value}`;
}

function namesOf({ givenName, familyName }: PatronSearchRow): readonly string[] {
  const values = [`${familyName ?? ''} ${givenName ?? ''}`, `${givenName ?? ''} ${familyName ?? ''}`];
  return [...new Set([...values.map(foldedName), ...values.map(latinName)])].filter((value) => value !== '');
}

function emailsOf({ email }: PatronSearchRow): readonly string[] {
  return email === null ? [] : [foldedEmail(email)];
}

function phonesOf({ phone }: PatronSearchRow): readonly string[] {
  return phone === null ? [] : [digits(phone)];
}

export function foldedEmail(email: string): string {
  return visibleOf(email.normalize('NFKC')).trim().toLowerCase();
}

/** The digits of a telephone number; only they are compared. */
export function digits(phone: string): string {
  return phone.normalize('NFKC').replace(/[^0-9]/g, '');
}
