import { fact, type InteractionFact } from '@readership/contracts';
import type { Fact, Publication, Publish } from '@readership/kernel';
import type { DeadLetterEvent } from './dead-letters/dead-letter.events.js';
import { sameFact } from './interaction.decider.js';
import type { InteractionEvent } from './interaction.events.js';
import type { SourceEvent } from './sources/source.events.js';

export type InteractionLogEvent = InteractionEvent | SourceEvent | DeadLetterEvent;

/**
 * What others may know of an interaction: everything except the free text. Records that were not taken are not
 * published.
 */
export const publish: Publish<InteractionLogEvent> = (event, stream) => {
  const interaction = stream.slice(stream.indexOf('-') + 1);
  switch (event.type) {
    case 'InteractionRecorded': {
      const { reference, holder, now } = event.data;
      const recorded = { interaction, reference, now: published(now) };
      return sealedFor(reference, holder, fact('InteractionRecorded', recorded, now.time));
    }
    case 'Referenced': {
      const { reference, time, holder } = event.data;
      return { key: reference, fact: fact('Referenced', { interaction, time, holder }, time) };
    }
    case 'InteractionCorrected': {
      const { reference, holder, was, now } = event.data;
      // When only the free text changed, nothing is published.
      if (sameFact(was, now)) return sealedFor(reference, holder, null);
      const corrected = { interaction, was: published(was), now: published(now) };
      return sealedFor(reference, holder, fact('InteractionCorrected', corrected));
    }
    case 'InteractionWithdrawn': {
      const { reference, holder, was } = event.data;
      const withdrawn = fact('InteractionWithdrawn', { interaction, was: published(was) });
      return sealedFor(reference, holder, withdrawn);
    }
    case 'InteractionRestored': {
      const { reference, holder, now } = event.data;
      return sealedFor(reference, holder, fact('InteractionRestored', { interaction, now: published(now) }));
    }
    case 'ReattributedAway': {
      const { holder, was } = event.data;
      return { key: holder, fact: fact('ReattributedAway', { interaction, was: was && published(was) }) };
    }
    case 'Adopted': {
      const { reference, holder, now } = event.data;
      return { key: holder, fact: fact('Adopted', { interaction, reference, now: now && published(now) }) };
    }
    case 'SourceAllowed':
    case 'SourceRevoked':
    case 'RecordParked':
    case 'ContentKept':
    case 'RecordReplayed':
    case 'ReplayRefused':
    case 'RecordDiscarded':
      return { key: stream, fact: null };
  }
};

const patronIdLength = 36;

/** Seals free text with the patron's key when the patron was named by id, else with the stream's key. */
function sealedFor(reference: string | null, key: string, fact: Fact | null): Publication {
  return reference !== null && reference.length === patronIdLength
    ? { key, subject: reference, fact }
    : { key, fact };
}

function published(interaction: InteractionFact) {
  const { time, kind, branch, quantity, startedBy, channel, readScale, digital } = interaction;
  return { time, kind, branch, quantity, startedBy, channel, readScale, digital };
}
