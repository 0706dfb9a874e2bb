import { fact } from '@readership/contracts';
import type { Publish } from '@readership/kernel';
import type { ApiKeyEvent } from './api-keys/api-key.events.js';
import type { CardEvent } from './cards/card.events.js';
import type { DirectoryEvent } from './directory/directory.events.js';
import type { PatronEvent, PatronRecordRead } from './patrons/patron.events.js';

export type PatronProfileEvent = DirectoryEvent | PatronEvent | CardEvent | PatronRecordRead | ApiKeyEvent;

/** What other contexts may know: places, days and pseudonyms, but never who somebody is. */
export const publish: Publish<PatronProfileEvent> = (event, stream) => {
  /** The patron id or the token, from the name of the patron's or the card's stream. */
  const id = stream.slice(stream.indexOf('-') + 1);
  switch (event.type) {
    case 'ConsortiumConfigured': {
      const { name, timeZone, currency, fiscalYearStartMonth, activityPolicy } = event.data;
      const { qualifying, windowMonths, digital } = activityPolicy;
      return {
        key: stream,
        fact: fact('ConsortiumConfigured', {
          name,
          timeZone,
          currency,
          fiscalYearStartMonth,
          activityPolicy: { qualifying, windowMonths, digital },
        }),
      };
    }
    case 'LibraryAdded':
    case 'LibraryRenamed':
      return { key: stream, fact: fact(event.type, { id: event.data.id, name: event.data.name }) };
    case 'BranchAdded': {
      const { id, name, library, timeZone, population } = event.data;
      return { key: stream, fact: fact('BranchAdded', { id, name, library, timeZone, population }) };
    }
    case 'BranchRenamed':
      return { key: stream, fact: fact('BranchRenamed', { id: event.data.id, name: event.data.name }) };
    case 'BranchTransferred': {
      const { id, library } = event.data;
      return { key: stream, fact: fact('BranchTransferred', { id, library }) };
    }
    case 'BranchTimeZoneSet': {
      const { id, timeZone } = event.data;
      return { key: stream, fact: fact('BranchTimeZoneSet', { id, timeZone }) };
    }
    case 'BranchPopulationStated': {
      const { id, population, populationSince } = event.data;
      return { key: stream, fact: fact('BranchPopulationStated', { id, population, populationSince }) };
    }
    case 'BranchClosed': {
      const { id, closedOn } = event.data;
      return { key: stream, fact: fact('BranchClosed', { id, closedOn }) };
    }
    case 'BranchReopened':
      return { key: stream, fact: fact('BranchReopened', { id: event.data.id }) };
    case 'PatronRegistered': {
      const { homeBranch, category, language, enrolledOn } = event.data;
      const registered = { personId: id, homeBranch, category, language, enrolledOn };
      return { key: id, subject: id, fact: fact('PatronRegistered', registered) };
    }
    case 'PatronMoved': {
      const { homeBranch, since } = event.data;
      return { key: id, subject: id, fact: fact('PatronMoved', { personId: id, homeBranch, since }) };
    }
    case 'PatronClosed': {
      const { reason, on } = event.data;
      return { key: id, subject: id, fact: fact('PatronClosed', { personId: id, reason, on }) };
    }
    case 'PatronReopened':
      return {
        key: id,
        subject: id,
        fact: fact('PatronReopened', { personId: id, on: event.data.on }),
      };
    case 'PatronContactChanged':
    case 'CardAdded':
    case 'CardRemoved':
    case 'ClaimAbandoned':
      return { key: id, subject: id, fact: null };
    case 'CardClaimed':
      return { key: id, fact: null };
    case 'CardLinked': {
      const { token, personId, from } = event.data;
      return { key: id, fact: fact('CardLinked', { token, personId, from }) };
    }
    case 'CardUnlinked': {
      const { token, until } = event.data;
      return { key: id, fact: fact('CardUnlinked', { token, until }) };
    }
    case 'PatronRecordRead':
    case 'ApiKeyIssued':
    case 'ApiKeyRotated':
    case 'ApiKeyRevoked':
      return { key: stream, fact: null };
  }
};
