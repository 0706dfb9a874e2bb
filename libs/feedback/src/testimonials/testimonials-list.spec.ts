import type { Stored } from '@readership/kernel';
import { projected } from '@readership/kernel/testing';
import type { TestimonialEvent } from './testimonial.events.js';
import type { TestimonialStatus } from './testimonial.decider.js';
import { testimonialsList } from './testimonials-list.projection.js';

const told = (type: TestimonialEvent['type']): Stored<TestimonialEvent> =>
  ({
    type,
    key: 'testimonial-a',
    data: { id: 'a', receivedOn: '2024-04-02', was: 'approved' },
    personal: { text: 'Thank you.', statement: 'I agree.' },
  }) as unknown as Stored<TestimonialEvent>;

const history = [told('TestimonialReceived'), told('TestimonialApproved'), told('TestimonialPublished')];
const row = (status: TestimonialStatus) => ({ id: 'a', receivedOn: '2024-04-02', status });

it('follows a testimonial through its statuses, without what it says', () => {
  projected(testimonialsList, ...history.slice(0, 1)).thenRow('testimonial-a/a', row('received'));
  projected(testimonialsList, ...history.slice(0, 2)).thenRow('testimonial-a/a', row('approved'));
  projected(testimonialsList, ...history).thenRow('testimonial-a/a', row('published'));
  projected(testimonialsList, ...history, history[2]!).thenRow('testimonial-a/a', row('published'));
  projected(testimonialsList, ...history, told('TestimonialWithdrawn')).thenRow(
    'testimonial-a/a',
    row('withdrawn'),
  );
});

it('lists the same when no personal part can be decrypted', () => {
  const unread = history.map((event) => ({ ...event, personal: null }) as Stored<TestimonialEvent>);
  projected(testimonialsList, ...unread).thenRow('testimonial-a/a', row('published'));
});

it('finds the one received last first, among all and by status', () => {
  const newest = testimonialsList.indexes!['newest']!;
  const older = { id: 'a', receivedOn: '2024-04-02', status: 'received' } as const;
  const later = { id: 'b', receivedOn: '2024-04-03', status: 'received' } as const;
  expect([newest(older)[0]!, newest(later)[0]!].sort()).toEqual([newest(later)[0], newest(older)[0]]);
  expect(newest(older).map((value) => value.split('/')[0])).toEqual(['all', 'received']);
});

it('finds the one received last first at each branch', () => {
  const ofBranch = testimonialsList.indexes!['newest-of-branch']!;
  const nowhere = { id: 'a', receivedOn: '2024-04-02', status: 'received' } as const;
  const at = { ...nowhere, branch: 'NORTH' };
  const newest = testimonialsList.indexes!['newest']!;
  expect(ofBranch(at)).toEqual(newest(at).map((value) => `NORTH/${value}`));
  expect(ofBranch(nowhere)).toEqual([]);
  const received = {
    ...told('TestimonialReceived'),
    data: { id: 'a', receivedOn: '2024-04-02', branch: 'NORTH' },
  };
  projected(testimonialsList, received as unknown as Stored<TestimonialEvent>).thenRow('testimonial-a/a', at);
});

it('gives a patron who wrote twice two rows', () => {
  const patron = '018f0000-0000-7000-8000-000000000002';
  const of = (id: string) => ({
    ...told('TestimonialReceived'),
    key: patron,
    data: { id, receivedOn: '2024-04-02' },
  });
  const { rows } = projected(
    testimonialsList,
    ...(['a', 'b'].map(of) as unknown as Stored<TestimonialEvent>[]),
  );
  expect([...rows.keys()]).toEqual([`${patron}/a`, `${patron}/b`]);
});
