import type { PublishedEvent } from '@readership/contracts';
import type { EventTally } from '@readership/kernel';
import { monthlyCells } from '../calendar/monthly.js';

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

/**
 * Testimonials received, approved, published and withdrawn, each counted in the month in which it was received.
 *
 * Version 1 is for builds that began with it. It has no counts of the consortium.
 */
export function testimonials(version: 1 | 2 = 2): EventTally<TestimonialEvent> {
  return {
    name: 'testimonials',
    version,
    on,
    cells({ type, data }) {
      const month = data.receivedOn.slice(0, 7);
      const cells = monthlyCells(seriesOf[type], data.branch, month, version > 1);
      return new Map(cells.map((cell) => [cell, 1]));
    },
  };
}
