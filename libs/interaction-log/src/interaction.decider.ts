import { branchClosed, type InteractionFact } from '@readership/contracts';
import { Refusal, type Decider } from '@readership/kernel';
import type { InteractionEvent, Referenced } from './interaction.events.js';

/** A person's use counts 1 whatever the quantity, so a larger quantity with a person is a mistake of the sender. */
export const quantityOfPersonMax = 1_000;

export interface RecordInteraction {
  readonly type: 'RecordInteraction';
  readonly reference: string | null;
  /** The result of the look-up. It may be out of date and is corrected later. */
  readonly holder: string;
  readonly now: InteractionFact;
  readonly digest: string;
  /** Id of the source that it came from. */
  readonly source: string;
  readonly details?: string;
  /** The last day of the branch, when it happened after that. */
  readonly lastDay?: string;
}

export interface CorrectInteraction {
  readonly type: 'CorrectInteraction';
  readonly changes: Partial<Pick<InteractionFact, 'time' | 'kind' | 'branch' | 'quantity'>>;
  readonly details?: string;
  readonly reason: string;
}

export interface WithdrawInteraction {
  readonly type: 'WithdrawInteraction';
  readonly reason: string;
}

/** Takes a withdrawal back. */
export interface RestoreInteraction {
  readonly type: 'RestoreInteraction';
  readonly reason: string;
}

/** The reference found that the interaction belongs to another holder. */
export interface AttributeInteraction {
  readonly type: 'AttributeInteraction';
  readonly to: string;
}

export type InteractionCommand =
  RecordInteraction | CorrectInteraction | WithdrawInteraction | RestoreInteraction | AttributeInteraction;

export interface KnownInteraction {
  readonly status: 'recorded' | 'withdrawn';
  readonly reference: string | null;
  readonly holder: string;
  /** The current fact, or the last one before it was withdrawn. */
  readonly now: InteractionFact;
  /** Digest of the fact as it was first recorded. */
  readonly digest: string;
  /** Id of the source that it came from; `null` when it was recorded before this was kept. */
  readonly source: string | null;
  /** The principal that recorded it; `null` while it is not stored. */
  readonly recordedBy: string | null;
  /** `null` when there are none or they were forgotten. */
  readonly details: string | null;
}

export type Interaction = { readonly status: 'unknown' } | KnownInteraction;

export const interaction: Decider<Interaction, InteractionCommand, InteractionEvent> = {
  category: 'interaction',
  initial: { status: 'unknown' },

  decide(command, state) {
    switch (command.type) {
      case 'RecordInteraction': {
        if (state.status !== 'unknown') {
          if (state.digest === command.digest) return [];
          throw new Refusal(
            'ID_REUSED',
            'conflict',
            'An interaction with this source and id has other content: choose another id.',
          );
        }
        const { reference, holder, now, digest, source, details, lastDay } = command;
        if (lastDay !== undefined) throw branchClosed(lastDay, '/data/branch');
        return [
          {
            type: 'InteractionRecorded',
            data: { reference, holder, now, digest, source },
            ...(details === undefined ? {} : { personal: { details } }),
          },
          ...(reference === null || holder === reference ? [] : [referenced(reference, now.time, holder)]),
        ];
      }
      case 'CorrectInteraction': {
        const known = knownOf(state);
        if (known.status === 'withdrawn')
          throw new Refusal(
            'INTERACTION_WITHDRAWN',
            'conflict',
            'The interaction was withdrawn: restore it first.',
          );
        const { reference, holder, now: was } = known;
        const now = { ...was, ...command.changes };
        if (reference !== null && now.quantity > quantityOfPersonMax) {
          throw new Refusal(
            'QUANTITY_TOO_LARGE',
            'invalid',
            'A quantity over 1,000 is for anonymous interactions only.',
            '/quantity',
          );
        }
        const details =
          command.details !== undefined && command.details !== known.details ? command.details : undefined;
        if (sameFact(was, now) && details === undefined) return [];
        return [
          {
            type: 'InteractionCorrected',
            data: { reference, holder, was, now },
            personal: { reason: command.reason, ...(details === undefined ? {} : { details }) },
          },
          // Another time may lead the reference to another person.
          ...(reference === null || now.time === was.time ? [] : [referenced(reference, now.time, holder)]),
        ];
      }
      case 'WithdrawInteraction': {
        const { status, reference, holder, now: was } = knownOf(state);
        if (status === 'withdrawn') return [];
        return [
          {
            type: 'InteractionWithdrawn',
            data: { reference, holder, was },
            personal: { reason: command.reason },
          },
        ];
      }
      case 'RestoreInteraction': {
        const { status, reference, holder, now } = knownOf(state);
        if (status === 'recorded') return [];
        return [
          {
            type: 'InteractionRestored',
            data: { reference, holder, now },
            personal: { reason: command.reason },
          },
        ];
      }
      case 'AttributeInteraction': {
        if (state.status === 'unknown' || state.reference === null || state.holder === command.to) return [];
        const { reference, holder, status } = state;
        const now = status === 'withdrawn' ? null : state.now;
        return [
          { type: 'ReattributedAway', data: { holder, was: now } },
          { type: 'Adopted', data: { reference, holder: command.to, now } },
          referenced(reference, state.now.time, command.to),
        ];
      }
    }
  },

  evolve(state, event) {
    switch (event.type) {
      case 'InteractionRecorded': {
        const { reference, holder, now, digest, source = null } = event.data;
        return {
          status: 'recorded',
          reference,
          holder,
          now,
          digest,
          source,
          recordedBy: event.actor ?? null,
          details: event.personal?.details ?? null,
        };
      }
      case 'InteractionCorrected':
        return changed(state, {
          now: event.data.now,
          ...(event.personal?.details === undefined ? {} : { details: event.personal.details }),
        });
      case 'InteractionWithdrawn':
        return changed(state, { status: 'withdrawn' });
      case 'InteractionRestored':
        return changed(state, { status: 'recorded' });
      case 'Adopted':
        return changed(state, { holder: event.data.holder });
      case 'Referenced':
      case 'ReattributedAway':
        return state;
    }
  },
};

/** True when two facts say the same. */
export function sameFact(a: InteractionFact, b: InteractionFact): boolean {
  return (
    a.time === b.time &&
    a.kind === b.kind &&
    a.branch === b.branch &&
    a.quantity === b.quantity &&
    a.startedBy === b.startedBy &&
    a.channel === b.channel &&
    a.readScale === b.readScale &&
    a.digital === b.digital
  );
}

function referenced(reference: string, time: string, holder: string): Referenced {
  return { type: 'Referenced', data: { reference, time, holder } };
}

function knownOf(state: Interaction): KnownInteraction {
  if (state.status === 'unknown') throw unknownInteraction();
  return state;
}

export function unknownInteraction(): Refusal {
  return new Refusal('UNKNOWN_INTERACTION', 'unknown', 'There is no interaction with this id.');
}

function changed(state: Interaction, changes: Partial<KnownInteraction>): Interaction {
  return state.status === 'unknown' ? state : { ...state, ...changes };
}
