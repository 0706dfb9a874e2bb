import { keyed } from '@readership/kernel';
import { normalisedCard } from '@readership/contracts';
import type { ProvesCardKey, Stored } from '@readership/kernel';
import type { PatronEvent } from '../patrons/patron.events.js';

/** Proves the card key by a patron's cards, which are stored with their tokens. */
export const provesCardKey: ProvesCardKey = (stored, cardKey) => {
  const event = stored as Stored<PatronEvent>;
  if (event.type !== 'CardAdded' || event.personal === null) return null;
  const card = normalisedCard(event.personal.card);
  return card !== null && keyed(cardKey, card) === event.data.token;
};
