import { normalisedCard } from '../cards/card-number.js';
import type { Contact } from './patron.events.js';

/** Asked-for registration, every field in its one form. */
export interface Registration {
  /** Normalised, each once; the first is the idempotency key. */
  readonly cards: readonly string[];
  readonly contact: Contact;
  readonly homeBranch: string;
  readonly category?: string;
  readonly language?: string;
  readonly enrolledOn?: string;
}

interface RegistrationBody {
  readonly cards: readonly string[];
  readonly givenName: string;
  readonly familyName: string;
  readonly email?: string | null;
  readonly phone?: string | null;
  readonly homeBranch: string;
  readonly category?: string | null;
  readonly language?: string | null;
  readonly enrolledOn?: string | null;
}

/** Throws `BAD_CARD`. Card numbers keep the form in which they are compared. */
export function registrationOf(body: RegistrationBody): Registration {
  const { givenName, familyName, email, phone, homeBranch, category, language, enrolledOn } = body;
  return {
    cards: [...new Set(body.cards.map(normalisedCard))],
    contact: { givenName, familyName, ...(email ? { email } : {}), ...(phone ? { phone } : {}) },
    homeBranch,
    ...(category ? { category } : {}),
    ...(language ? { language } : {}),
    ...(enrolledOn ? { enrolledOn } : {}),
  };
}
