import type { InteractionFact } from '@readership/contracts';
import type { Event } from '@readership/kernel';

/** Free text of an interaction, sealed; `null` once its key was destroyed. */
interface Sealed<Personal extends object> {
  readonly personal?: Personal | null;
}

/**
 * One contact between somebody and the library. `reference` is what it came with and never changes: a card token or a
 * patron id, `null` when it is anonymous. `holder` is whom it counts for: a person, the reference itself while it
 * belongs to nobody, or the stream when it is anonymous. `digest` is the keyed digest of the normalised fact. `source`
 * is the id of the source that it came from (see `sourceId`); events of before API keys have none.
 */
export type InteractionRecorded = Event<
  'InteractionRecorded',
  { reference: string | null; holder: string; now: InteractionFact; digest: string; source?: string }
> &
  Sealed<{ details: string }> & {
    /** Who recorded it, from the envelope. An event that is not stored yet has none. */
    readonly actor?: string;
  };

/** Tells the reference that an interaction came with it, when it happened and who holds it. */
export type Referenced = Event<'Referenced', { reference: string; time: string; holder: string }>;

export type InteractionCorrected = Event<
  'InteractionCorrected',
  { reference: string | null; holder: string; was: InteractionFact; now: InteractionFact }
> &
  Sealed<{ reason: string; details?: string }>;

export type InteractionWithdrawn = Event<
  'InteractionWithdrawn',
  { reference: string | null; holder: string; was: InteractionFact }
> &
  Sealed<{ reason: string }>;

/** A withdrawal was taken back: the interaction counts again, for its holder of now. */
export type InteractionRestored = Event<
  'InteractionRestored',
  { reference: string | null; holder: string; now: InteractionFact }
> &
  Sealed<{ reason: string }>;

/** The interaction no longer counts for `holder`. `was` is `null` when it was withdrawn before. */
export type ReattributedAway = Event<'ReattributedAway', { holder: string; was: InteractionFact | null }>;

/** The interaction counts for `holder` from now on. `now` is `null` when it was withdrawn before. */
export type Adopted = Event<'Adopted', { reference: string; holder: string; now: InteractionFact | null }>;

export type InteractionEvent =
  | InteractionRecorded
  | Referenced
  | InteractionCorrected
  | InteractionWithdrawn
  | InteractionRestored
  | ReattributedAway
  | Adopted;
