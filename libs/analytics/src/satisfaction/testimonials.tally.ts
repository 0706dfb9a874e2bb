import type { PublishedEvent } from '@readership/contracts';
import type { EventTally } from '@readership/kernel';
import { monthlyCell } from '../calendar/monthly.js';

const on = [
  'TestimonialReceived',
  'TestimonialApproved',
  'TestimonialPublished',
  'TestimonialWithdrawn',
] as const;

export type TestimonialEvent = PublishedEvent<(typeof on)[number]>;

const seriesOf = {
  TestimonialReceived: 'received',
  TestimonialApproved: 'approved',
  TestimonialPublished: 'published',
  TestimonialWithdrawn: 'withdrawn',
} as const satisfies Record<TestimonialEvent['type'], string>;

/** Testimonials received, approved, published and withdrawn, each counted in the month in which it was received. */
export const testimonials: EventTally<TestimonialEvent> = {
  name: 'testimonials',
  version: 1,
  on,
  cells: ({ type, data }) =>
    new Map([[monthlyCell(seriesOf[type], data.branch, data.receivedOn.slice(0, 7)), 1]]),
};
