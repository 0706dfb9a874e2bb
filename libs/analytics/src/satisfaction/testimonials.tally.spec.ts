import { testimonials, type TestimonialEvent } from './testimonials.tally.js';

const event = (type: TestimonialEvent['type'], branch?: string) =>
  ({
    type,
    key: 'testimonial-t',
    data: { testimonial: 't', receivedOn: '2024-06-30', ...(branch ? { branch } : {}) },
  }) as unknown as TestimonialEvent;

describe('testimonials', () => {
  it('are received in the month of the day they were given, at the branch they name', () => {
    expect([...testimonials().cells(event('TestimonialReceived', 'NORTH'))]).toEqual([
      ['received|NORTH|2024-06', 1],
      ['received|*|2024-06', 1],
    ]);
    // A branch may be called «-».
    expect([...testimonials().cells(event('TestimonialReceived'))]).toEqual([['received|*|2024-06', 1]]);
    expect([...testimonials(1).cells(event('TestimonialReceived'))]).toEqual([['received|-|2024-06', 1]]);
    expect([...testimonials(1).cells(event('TestimonialReceived', 'NORTH'))]).toEqual([
      ['received|NORTH|2024-06', 1],
    ]);
  });

  it('are approved, published and withdrawn in counts of their own', () => {
    const types = ['TestimonialApproved', 'TestimonialPublished', 'TestimonialWithdrawn'] as const;
    expect(types.map((type) => [...testimonials().cells(event(type)).keys()][0])).toEqual([
      'approved|*|2024-06',
      'published|*|2024-06',
      'withdrawn|*|2024-06',
    ]);
  });
});
