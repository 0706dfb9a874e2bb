import { reachesOf, type Principal, type Reach } from '@readership/host';

/** How far whoever asks reaches: with figures, and with the persons who are counted in them. */
export interface Asker {
  readonly figures: readonly Reach[];
  readonly persons: readonly Reach[];
}

export function askerOf({ grants }: Principal): Asker {
  return { figures: reachesOf(grants, 'figures.read'), persons: reachesOf(grants, 'figures.persons') };
}
