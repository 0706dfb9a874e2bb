import { hash } from 'node:crypto';

export type { InteractionEvent } from '@readership/client';

export const interactionEventType = 'org.readership.interaction.v1';

/** The id of an interaction, from its source and id. */
export function interactionId(event: { readonly source: string; readonly id: string }): string {
  return hash('sha256', `${event.source}\u0000${event.id}`, 'base64url');
}
