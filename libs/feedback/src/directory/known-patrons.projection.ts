import type { PublishedEvent } from '@readership/contracts';
import type { Projection } from '@readership/kernel';

export interface KnownPatron {
  readonly registered: true;
}

/** The patrons that were registered, by their id. Nothing else about them is kept here. */
export const knownPatrons: Projection<PublishedEvent<'PatronRegistered'>, KnownPatron> = {
  name: 'known-patrons',
  version: 1,
  on: ['PatronRegistered'],
  key: (event) => event.key,
  apply: (row) => row ?? { registered: true },
};
