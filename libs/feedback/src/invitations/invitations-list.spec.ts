import type { Stored } from '@readership/kernel';
import { projected, withPrivateFields } from '@readership/kernel/testing';
import type { InvitationEvent } from './invitation.events.js';
import { invitationsList, type ListedInvitation } from './invitations-list.projection.js';

const data = { id: 'i1', survey: 'spring', expiresOn: '2024-04-30', branch: 'NORTH', patronId: 'p1' };
const recordedAt = '2024-04-01T10:00:00.000Z';
const issued = {
  type: 'InvitationIssued',
  key: 'p1',
  data,
  recordedAt,
} as unknown as Stored<InvitationEvent>;
const row: ListedInvitation = { ...data, issuedAt: recordedAt };

it('lists an invitation with the time it was issued, once however often it is told', () => {
  projected(invitationsList, issued).thenRow('p1/i1', row);
  projected(invitationsList, issued, issued).thenRow('p1/i1', row);
  projected(invitationsList, withPrivateFields(issued, '1815-12-10')).thenRow('p1/i1', row);
});

it('finds the latest last day first, of a survey and at each branch', () => {
  const { latest, 'latest-of-branch': ofBranch } = invitationsList.indexes!;
  const later = { ...row, id: 'i0', expiresOn: '2024-05-01' };
  expect([latest!(row)[0]!, latest!(later)[0]!].sort()).toEqual([latest!(later)[0], latest!(row)[0]]);
  expect(latest!(row)[0]).toMatch(/^spring\/\d{8}\/i1$/);
  expect(ofBranch!(row)[0]).toMatch(/^spring\/NORTH\/\d{8}\/i1$/);
  const { id, survey, issuedAt, expiresOn } = row;
  expect(ofBranch!({ id, survey, issuedAt, expiresOn })).toEqual([]);
});
