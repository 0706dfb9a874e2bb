import type { Grant } from '@readership/host';
import type { Decider } from '@readership/kernel';
import type { ApiKeyEvent } from './api-key.events.js';

export interface ApiKeyState {
  readonly revoked: boolean;
}

/** Each command says what was done in the access database, so none is refused. */
export type ApiKeyCommand =
  | {
      readonly type: 'NoteIssue';
      readonly id: string;
      readonly grants: readonly Grant[];
      readonly expiresOn: string | null;
    }
  | { readonly type: 'NoteRotation'; readonly id: string; readonly overlapUntil: string }
  | { readonly type: 'NoteRevocation'; readonly id: string };

/** The acts on one API key, kept for audits. */
export const apiKey: Decider<ApiKeyState, ApiKeyCommand, ApiKeyEvent> = {
  category: 'api-key',
  initial: { revoked: false },

  decide(command, state) {
    const { id } = command;
    switch (command.type) {
      case 'NoteIssue': {
        const { grants, expiresOn } = command;
        return [{ type: 'ApiKeyIssued', data: { id, grants, expiresOn } }];
      }
      case 'NoteRotation':
        return [{ type: 'ApiKeyRotated', data: { id, overlapUntil: command.overlapUntil } }];
      case 'NoteRevocation':
        return state.revoked ? [] : [{ type: 'ApiKeyRevoked', data: { id } }];
    }
  },

  evolve(state, event) {
    return event.type === 'ApiKeyRevoked' ? { revoked: true } : state;
  },
};
