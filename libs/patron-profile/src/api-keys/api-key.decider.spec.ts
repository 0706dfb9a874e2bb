import { given } from '@readership/kernel/testing';
import { apiKey } from './api-key.decider.js';

const id = 'Ab3dE9xZ';
const grants = [{ role: 'front-desk', scopes: ['branch:NORTH'] }] as const;
const issued = { type: 'ApiKeyIssued', data: { id, grants, expiresOn: null } } as const;
const rotated = {
  type: 'ApiKeyRotated',
  data: { id, overlapUntil: '2024-01-02T00:00:00.000Z' },
} as const;
const revoked = { type: 'ApiKeyRevoked', data: { id } } as const;

describe('the acts on an API key', () => {
  it('begin with its issue', () =>
    given(apiKey).when({ type: 'NoteIssue', id, grants, expiresOn: null }).then(issued));

  it('hold each rotation', () =>
    given(apiKey, issued, rotated)
      .when({ type: 'NoteRotation', id, overlapUntil: rotated.data.overlapUntil })
      .then(rotated));

  it('hold its revocation once', () =>
    given(apiKey, issued, revoked).when({ type: 'NoteRevocation', id }).thenNothing());

  it('hold a revocation also when its issue was not noted', () =>
    given(apiKey).when({ type: 'NoteRevocation', id }).then(revoked));
});
