import { cardNumbers } from '../cards/card-number.js';
import type { Contact } from './patron.events.js';

/** A requested registration, with every field normalised. */
export interface Registration {
  /** Normalised, without duplicates. The first is the idempotency key. */
  readonly cards: readonly string[];
  /** Where each of the cards stands in what was sent, as JSON pointers. */
  readonly places: readonly string[];
  readonly contact: Contact;
  readonly homeBranch: string;
  readonly category?: string;
  readonly language?: string;
  readonly enrolledOn?: string;
}

interface RegistrationBody {
  readonly cards: readonly string[];
  readonly givenName?: string;
  readonly familyName?: string;
  readonly email?: string;
  readonly phone?: string;
  readonly homeBranch: string;
  readonly category?: string;
  readonly language?: string;
  readonly enrolledOn?: string;
}

/** Normalises a registration. Throws `BAD_CARD`. */
export function registrationOf(body: RegistrationBody): Registration {
  const { givenName, familyName, email, phone, homeBranch, category, language, enrolledOn } = body;
  const numbers = cardNumbers(body.cards, '/cards');
  return {
    cards: [...numbers.keys()],
    places: [...numbers.values()],
    contact: {
      ...(givenName ? { givenName } : {}),
      ...(familyName ? { familyName } : {}),
      ...(email ? { email } : {}),
      ...(phone ? { phone } : {}),
    },
    homeBranch,
    ...(category ? { category } : {}),
    ...(language ? { language } : {}),
    ...(enrolledOn ? { enrolledOn } : {}),
  };
}

/**
 * What a registration says, as texts of which one is enough to know it again: first the form in which another spelling
 * of address or number is the same, then the one by which registrations were known before there was the first.
 */
export function spellings({ places: _, ...registration }: Registration): readonly string[] {
  const { email, phone } = registration.contact;
  const contact = {
    ...registration.contact,
    ...(email === undefined ? {} : { email: email.toLowerCase() }),
    ...(phone === undefined ? {} : { phone: phone.replace(/[^0-9+]/g, '') }),
  };
  const folded = JSON.stringify({ ...registration, contact });
  const written = JSON.stringify(registration);
  return folded === written ? [folded] : [folded, written];
}
