import type { Event } from '@readership/kernel';

/** Somebody was given a link to answer a survey once, up to the end of a day. */
export type InvitationIssued = Event<
  'InvitationIssued',
  { id: string; survey: string; patronId?: string; branch?: string; expiresOn: string }
>;

export type InvitationEvent = InvitationIssued;
