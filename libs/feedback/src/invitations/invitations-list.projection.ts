import type { Projection, Stored } from '@readership/kernel';
import { placeOfDay } from '../newest-first.js';
import type { InvitationEvent } from './invitation.events.js';

/** An invitation as it was issued. Whether it was answered is known of its response. */
export interface ListedInvitation {
  readonly id: string;
  readonly survey: string;
  readonly issuedAt: string;
  readonly expiresOn: string;
  readonly branch?: string;
  readonly patronId?: string;
}

/** Found under `<survey>/` and `<survey>/<branch>/`, the latest last day first. */
export const invitationsList: Projection<Stored<InvitationEvent>, ListedInvitation> = {
  name: 'invitations-list',
  version: 1,
  on: ['InvitationIssued'],
  key: (event) => `${event.key}/${event.data.id}`,
  apply: (_row, { data: { id, survey, expiresOn, branch, patronId }, recordedAt }) => ({
    id,
    survey,
    issuedAt: recordedAt,
    expiresOn,
    ...(branch === undefined ? {} : { branch }),
    ...(patronId === undefined ? {} : { patronId }),
  }),
  indexes: {
    latest: (row) => [`${row.survey}/${placeOfInvitation(row)}`],
    'latest-of-branch': (row) =>
      row.branch === undefined ? [] : [`${row.survey}/${row.branch}/${placeOfInvitation(row)}`],
  },
};

/** Where an invitation stands among those of its survey or branch. */
export function placeOfInvitation({ id, expiresOn }: ListedInvitation): string {
  return `${placeOfDay(expiresOn)}/${id}`;
}
