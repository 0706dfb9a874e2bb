import type { FactData } from '@readership/contracts';
import type { Event } from '@readership/kernel';

/** A request wants this card for a person. Not published; the person's stream decides. */
export type CardClaimed = Event<
  'CardClaimed',
  {
    readonly personId: string;
    /** Keyed digest of the request. The same request continues its own claim. */
    readonly request: string;
    readonly at: string;
  }
>;
export type CardLinked = Event<'CardLinked', FactData<'CardLinked'>>;
export type CardUnlinked = Event<'CardUnlinked', FactData<'CardUnlinked'>>;

/** Events of a `card-<token>` stream. */
export type CardEvent = CardClaimed | CardLinked | CardUnlinked;
