import type { InteractionFact } from '@readership/contracts';
import type { KnownInteraction } from './interaction.decider.js';
import { patronIdPattern } from './patron-id.js';

/** An interaction as it is answered. */
export interface InteractionView extends InteractionFact {
  readonly id: string;
  readonly status: KnownInteraction['status'];
  /** The patron it counts for; absent when it is anonymous or its card is not known. */
  readonly patronId?: string;
  readonly details?: string;
}

export function viewOf(id: string, { status, holder, now, details }: KnownInteraction): InteractionView {
  return {
    id,
    status,
    ...now,
    ...(patronIdPattern.test(holder) ? { patronId: holder } : {}),
    ...(details === null ? {} : { details }),
  };
}
