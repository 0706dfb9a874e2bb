import { normalisedCard } from '../cards/card-number.js';
import type { Contact } from './patron.events.js';

/** A requested registration, with every field normalised. */
export interface Registration {
  /** Normalised, without duplicates. The first is the idempotency key. */
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

/** Normalises a registration. Throws `BAD_CARD`. */
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
