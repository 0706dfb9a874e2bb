import type { PublishedEvent } from '@readership/contracts';
import type { Projection } from '@readership/kernel';

export interface ConsortiumCalendar {
  /** IANA name of the consortium's time zone. */
  readonly timeZone: string;
}

/** The consortium's calendar: one row, once the consortium is configured. */
export const consortium: Projection<PublishedEvent<'ConsortiumConfigured'>, ConsortiumCalendar> = {
  name: 'consortium',
  version: 1,
  on: ['ConsortiumConfigured'],
  key: (event) => event.key,
  apply: (_row, { data }) => ({ timeZone: data.timeZone }),
};
