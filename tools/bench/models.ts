import { people, readerActivity } from '@readership/analytics';
import { defaultPolicy, type PublishedEvent } from '@readership/contracts';
import type { Projection, ReadModel } from '@readership/kernel';

const counter: Projection<PublishedEvent, { n: number }> = {
  name: 'counts',
  version: 1,
  on: ['PatronRegistered', 'InteractionRecorded'],
  key: (event) => event.key,
  apply: (row) => ({ n: (row?.n ?? 0) + 1 }),
};

/** The smallest possible projection: a row per reader with one number. */
export const counts: ReadModel<any> = { projection: counter };

/** The read model that most figures are counted from. */
export const activity: ReadModel<any> = {
  projection: readerActivity(defaultPolicy, 'America/New_York'),
  tallies: [people(defaultPolicy)],
};
