import type { ProvesCardKey, Stored } from '@readership/kernel';
import { responseDigest } from './responses/recorder.js';
import type { ResponseEvent } from './responses/response.events.js';
import { testimonialDigest } from './testimonials/testimonials.controller.js';
import type { TestimonialEvent } from './testimonials/testimonial.events.js';

/** Proves the card key by answers and testimonials, which store what was sent and its keyed digest. */
export const provesCardKey: ProvesCardKey = (stored, cardKey) => {
  if (stored.personal === null) return null;
  const event = stored as Stored<ResponseEvent | TestimonialEvent>;
  switch (event.type) {
    case 'SurveyAnswered':
      return responseDigest({ texts: {}, ...event.data, ...event.personal }, cardKey) === event.data.digest;
    case 'TestimonialReceived':
      return testimonialDigest({ text: '', ...event.data, ...event.personal }, cardKey) === event.data.digest;
    default:
      return null;
  }
};
