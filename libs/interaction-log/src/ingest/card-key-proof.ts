import type { ProvesCardKey, Stored } from '@readership/kernel';
import type { InteractionEvent } from '../interaction.events.js';
import { digestOf } from './interaction-event.js';

/** Proves the card key by interactions, which store what was sent and its keyed digest. */
export const provesCardKey: ProvesCardKey = (stored, cardKey) => {
  const event = stored as Stored<InteractionEvent>;
  if (event.type !== 'InteractionRecorded' || event.personal === null) return null;
  const { now, reference, digest } = event.data;
  return digestOf(now, reference, event.personal?.details, cardKey) === digest;
};
