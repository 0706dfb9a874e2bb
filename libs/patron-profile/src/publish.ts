import { fact } from '@readership/contracts';
import type { Publish } from '@readership/kernel';
import type { CardEvent } from './cards/card.events.js';
import type { DirectoryEvent } from './directory/directory.events.js';
import type { PatronEvent, PatronRecordRead } from './patrons/patron.events.js';

export type PatronProfileEvent = DirectoryEvent | PatronEvent | CardEvent | PatronRecordRead;

/** What other contexts may know: places, days and pseudonyms, never who somebody is. */
export const publish: Publish<PatronProfileEvent> = (event, stream) => {
  /** Of the patron's or the card's stream: the patron id or the token. */
  const id = stream.slice(stream.indexOf('-') + 1);
  switch (event.type) {
    case 'ConsortiumConfigured':
      return { key: stream, fact: fact(event.type, event.data) };
    case 'LibraryAdded':
    case 'LibraryRenamed':
      return { key: stream, fact: fact(event.type, event.data) };
    case 'BranchAdded':
      return { key: stream, fact: fact(event.type, event.data) };
    case 'BranchRenamed':
      return { key: stream, fact: fact(event.type, event.data) };
    case 'BranchTransferred':
      return { key: stream, fact: fact(event.type, event.data) };
    case 'BranchTimeZoneSet':
      return { key: stream, fact: fact(event.type, event.data) };
    case 'BranchPopulationStated':
      return { key: stream, fact: fact(event.type, event.data) };
    case 'PatronRegistered':
      return { key: id, subject: id, fact: fact(event.type, { personId: id, ...event.data }) };
    case 'PatronMoved':
      return { key: id, subject: id, fact: fact(event.type, { personId: id, ...event.data }) };
    case 'PatronClosed':
      return { key: id, subject: id, fact: fact(event.type, { personId: id, ...event.data }) };
    case 'PatronReopened':
      return { key: id, subject: id, fact: fact(event.type, { personId: id, ...event.data }) };
    case 'PatronContactChanged':
    case 'CardAdded':
    case 'CardRemoved':
    case 'ClaimAbandoned':
      return { key: id, subject: id, fact: null };
    case 'CardClaimed':
      return { key: id, fact: null };
    case 'CardLinked':
      return { key: id, fact: fact(event.type, event.data) };
    case 'CardUnlinked':
      return { key: id, fact: fact(event.type, event.data) };
    case 'PatronRecordRead':
      return { key: stream, fact: null };
  }
};
