import { Refusal, type Decider } from '@readership/kernel';
import type { CardEvent } from './card.events.js';

/** Who has or wants the card. */
export interface Hold {
  readonly status: 'claimed' | 'linked';
  /** Version of the card's stream at the claim, which identifies this claim of the card. */
  readonly claim: number;
  readonly personId: string;
  readonly request: string;
  readonly at: string;
}

export interface Card {
  /** Version of the stream. */
  readonly version: number;
  readonly hold: Hold | null;
  readonly everLinked: boolean;
  /** End of the last link. */
  readonly freeSince: string | null;
}

export type CardCommand =
  | {
      readonly type: 'ClaimCard';
      readonly personId: string;
      readonly request: string;
      readonly at: string;
      /** A claim that its person's stream has abandoned. */
      readonly insteadOf?: number;
    }
  /** The person's stream has accepted this claim. */
  | { readonly type: 'LinkCard'; readonly token: string; readonly claim: number }
  /** The person's stream has given up the card of this claim. */
  | { readonly type: 'UnlinkCard'; readonly token: string; readonly claim: number; readonly until: string };

export const card: Decider<Card, CardCommand, CardEvent> = {
  category: 'card',
  initial: { version: 0, hold: null, everLinked: false, freeSince: null },

  decide(command, state) {
    const { hold } = state;
    switch (command.type) {
      case 'ClaimCard': {
        const { personId, request, at, insteadOf } = command;
        if (hold === null || (hold.status === 'claimed' && hold.claim === insteadOf)) {
          return [{ type: 'CardClaimed', data: { personId, request, at } }];
        }
        if (hold.status === 'claimed' && hold.personId === personId && hold.request === request) return [];
        throw cardTaken();
      }
      case 'LinkCard':
        if (hold?.claim !== command.claim || hold.status === 'linked') return [];
        return [
          {
            type: 'CardLinked',
            data: {
              token: command.token,
              personId: hold.personId,
              ...(state.everLinked ? { from: later(hold.at, state.freeSince) } : {}),
            },
          },
        ];
      case 'UnlinkCard':
        if (hold?.claim !== command.claim || hold.status === 'claimed') return [];
        return [
          {
            type: 'CardUnlinked',
            data: { token: command.token, until: later(command.until, later(hold.at, state.freeSince)) },
          },
        ];
    }
  },

  evolve(state, event) {
    const version = state.version + 1;
    switch (event.type) {
      case 'CardClaimed': {
        const { personId, request, at } = event.data;
        return { ...state, version, hold: { status: 'claimed', claim: version, personId, request, at } };
      }
      case 'CardLinked':
        return {
          ...state,
          version,
          everLinked: true,
          hold: state.hold && { ...state.hold, status: 'linked' },
        };
      case 'CardUnlinked':
        return { ...state, version, hold: null, freeSince: event.data.until };
    }
  },
};

/** Clocks of two services may differ: a link never begins before the one before it ended. */
function later(instant: string, other: string | null): string {
  return other !== null && other > instant ? other : instant;
}

/** `pointer` leads to the card in what was sent, such as `/cards/1`. The number itself is never told. */
export function cardTaken(pointer = '/cards'): Refusal {
  const at = /\/(\d+)$/.exec(pointer)?.[1];
  const which = at === undefined ? 'The card' : `Card ${Number(at) + 1} of those sent`;
  return new Refusal(
    'CARD_TAKEN',
    'conflict',
    `${which} belongs to somebody else, or was registered with other content.`,
    pointer,
  );
}
