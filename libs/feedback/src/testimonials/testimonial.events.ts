import type { Event, PersonalEvent } from '@readership/kernel';

/** Repeated in every event of a testimonial, so that each can be counted without the others. */
export interface TestimonialPlace {
  readonly id: string;
  readonly receivedOn: string;
  readonly patronId?: string;
  readonly branch?: string;
}

/** `digest` is a keyed digest of everything that came; it distinguishes a repeated request from other content for ever. */
export type TestimonialReceived = PersonalEvent<
  'TestimonialReceived',
  TestimonialPlace & { digest: string },
  { text: string }
>;
export type TestimonialApproved = Event<'TestimonialApproved', TestimonialPlace>;
/** Published with the author's consent: when it was given, and in which words. */
export type TestimonialPublished = PersonalEvent<
  'TestimonialPublished',
  TestimonialPlace & { consentGivenOn: string; consentDigest: string },
  { statement: string }
>;
export type TestimonialWithdrawn = Event<
  'TestimonialWithdrawn',
  TestimonialPlace & { was: 'received' | 'approved' | 'published' }
>;

export type TestimonialEvent =
  TestimonialReceived | TestimonialApproved | TestimonialPublished | TestimonialWithdrawn;
