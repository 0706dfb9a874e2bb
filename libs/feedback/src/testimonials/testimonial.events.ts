import type { Event, PersonalEvent } from '@readership/kernel';

/** What every fact of a testimonial repeats, so that each can be counted by itself. */
export interface TestimonialPlace {
  readonly id: string;
  readonly receivedOn: string;
  readonly patronId?: string;
  readonly branch?: string;
}

/** `digest` is keyed, over everything that came, so that the same can be told from other content for ever. */
export type TestimonialReceived = PersonalEvent<
  'TestimonialReceived',
  TestimonialPlace & { digest: string },
  { text: string }
>;
export type TestimonialApproved = Event<'TestimonialApproved', TestimonialPlace>;
/** With the consent of whoever gave it: when, and in which words. */
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
