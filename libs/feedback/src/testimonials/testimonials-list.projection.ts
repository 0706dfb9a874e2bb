import type { Projection, Stored } from '@readership/kernel';
import { placeOfDay } from '../newest-first.js';
import type { TestimonialStatus } from './testimonial.decider.js';
import type { TestimonialEvent } from './testimonial.events.js';

/** A testimonial in a list. Its text is read from its stream, where it can be forgotten. */
export interface ListedTestimonial {
  readonly id: string;
  readonly receivedOn: string;
  readonly status: TestimonialStatus;
  readonly branch?: string;
}

const statusAfter = {
  TestimonialReceived: 'received',
  TestimonialApproved: 'approved',
  TestimonialPublished: 'published',
  TestimonialWithdrawn: 'withdrawn',
} as const satisfies Record<TestimonialEvent['type'], TestimonialStatus>;

/** Found under `all/` and `<status>/`, and under the same after `<branch>/`, the latest day received first. */
export const testimonialsList: Projection<Stored<TestimonialEvent>, ListedTestimonial> = {
  name: 'testimonials-list',
  version: 2,
  on: ['TestimonialReceived', 'TestimonialApproved', 'TestimonialPublished', 'TestimonialWithdrawn'],
  key: (event) => `${event.key}/${event.data.id}`,
  apply: (_row, { type, data: { id, receivedOn, branch } }) => ({
    id,
    receivedOn,
    status: statusAfter[type],
    ...(branch === undefined ? {} : { branch }),
  }),
  indexes: {
    newest: (row) => inStatuses(row),
    'newest-of-branch': (row) =>
      row.branch === undefined ? [] : inStatuses(row).map((value) => `${row.branch}/${value}`),
  },
};

function inStatuses(row: ListedTestimonial): readonly string[] {
  return [`all/${place(row)}`, `${row.status}/${place(row)}`];
}

function place({ id, receivedOn }: ListedTestimonial): string {
  return `${placeOfDay(receivedOn)}/${id}`;
}
