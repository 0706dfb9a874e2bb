import { normalisedCard } from '@readership/contracts';
import { Refusal } from '@readership/kernel';

/**
 * Card numbers as they were sent in the field that `pointer` names, normalised and each once, by their first place.
 * Throws `BAD_CARD` with the place of the card at fault.
 */
export function cardNumbers(sent: readonly string[], pointer: string): ReadonlyMap<string, string> {
  const places = new Map<string, string>();
  for (const [at, number] of sent.entries()) {
    const place = `${pointer}/${at}`;
    const normalised = normalisedCard(number);
    if (normalised === null) throw badCard(place);
    if (!places.has(normalised)) places.set(normalised, place);
  }
  return places;
}

export function badCard(pointer: string): Refusal {
  return new Refusal('BAD_CARD', 'invalid', 'A card number has 1 to 64 printable characters.', pointer);
}
