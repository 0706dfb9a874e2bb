import { given } from '@readership/kernel/testing';
import { invitation } from './invitation.decider.js';
import type { InvitationIssued } from './invitation.events.js';

const id = '018f0000-0000-7000-8000-000000000001';
const bare = { id, survey: 'spring', expiresOn: '2024-05-31' };
const full = { ...bare, patronId: '018f0000-0000-7000-8000-000000000002', branch: 'NORTH' };
const issued: InvitationIssued = { type: 'InvitationIssued', data: full };

describe('issuing an invitation', () => {
  it('records survey, patron, branch and last day', () =>
    given(invitation)
      .when({ type: 'IssueInvitation', ...full })
      .then(issued));

  it('needs neither patron nor branch', () =>
    given(invitation)
      .when({ type: 'IssueInvitation', ...bare })
      .then({ type: 'InvitationIssued', data: bare }));

  it('changes nothing when it was issued', () =>
    given(invitation, issued)
      .when({ type: 'IssueInvitation', ...full })
      .thenNothing());
});
