import type { FactData } from '@readership/contracts';
import type { Event } from '@readership/kernel';

/** Where searching and listing finds patrons: everywhere, or at home in one's own libraries. */
export const patronLookups = ['consortium', 'library'] as const;
export type PatronLookup = (typeof patronLookups)[number];

/** Events recorded before the field existed have no `patronLookup`, which nobody else needs to know. */
export type ConsortiumConfigured = Event<
  'ConsortiumConfigured',
  FactData<'ConsortiumConfigured'> & { patronLookup?: PatronLookup }
>;
export type ConsortiumEvent = ConsortiumConfigured;

/** The other directory events hold nothing private; every field is published. */
export type LibraryAdded = Event<'LibraryAdded', FactData<'LibraryAdded'>>;
export type LibraryRenamed = Event<'LibraryRenamed', FactData<'LibraryRenamed'>>;
export type LibraryEvent = LibraryAdded | LibraryRenamed;

export type BranchAdded = Event<'BranchAdded', FactData<'BranchAdded'>>;
export type BranchRenamed = Event<'BranchRenamed', FactData<'BranchRenamed'>>;
export type BranchTransferred = Event<'BranchTransferred', FactData<'BranchTransferred'>>;
export type BranchTimeZoneSet = Event<'BranchTimeZoneSet', FactData<'BranchTimeZoneSet'>>;
/** Events recorded before the field existed have no `populationSince`. Nothing in this context needs it. */
export type BranchPopulationStated = Event<'BranchPopulationStated', FactData<'BranchPopulationStated'>>;
export type BranchClosed = Event<'BranchClosed', FactData<'BranchClosed'>>;
export type BranchReopened = Event<'BranchReopened', FactData<'BranchReopened'>>;
export type BranchEvent =
  | BranchAdded
  | BranchRenamed
  | BranchTransferred
  | BranchTimeZoneSet
  | BranchPopulationStated
  | BranchClosed
  | BranchReopened;

export type DirectoryEvent = ConsortiumEvent | LibraryEvent | BranchEvent;
