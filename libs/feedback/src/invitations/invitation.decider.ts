import type { Decider } from '@readership/kernel';
import type { InvitationEvent } from './invitation.events.js';

export interface IssueInvitation {
  readonly type: 'IssueInvitation';
  readonly id: string;
  readonly survey: string;
  readonly patronId?: string;
  readonly branch?: string;
  /** The last day, in the consortium's time zone, on which it can be answered. */
  readonly expiresOn: string;
}

export interface IssuedInvitation {
  readonly status: 'issued';
  readonly id: string;
  readonly survey: string;
  readonly patronId?: string;
  readonly branch?: string;
  readonly expiresOn: string;
}

export type Invitation = { readonly status: 'unknown' } | IssuedInvitation;

/** The command that issues it gives it its id, so nothing can be refused. The response's stream knows whether it was answered. */
export const invitation: Decider<Invitation, IssueInvitation, InvitationEvent> = {
  category: 'invitation',
  initial: { status: 'unknown' },

  decide({ id, survey, patronId, branch, expiresOn }, state) {
    if (state.status === 'issued') return [];
    return [
      {
        type: 'InvitationIssued',
        data: {
          id,
          survey,
          ...(patronId === undefined ? {} : { patronId }),
          ...(branch === undefined ? {} : { branch }),
          expiresOn,
        },
      },
    ];
  },

  evolve(_state, event) {
    return { status: 'issued', ...event.data };
  },
};
