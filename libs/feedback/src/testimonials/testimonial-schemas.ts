import { day, object, oneOf, orNull, resource, text, uuid } from '@readership/host';

/** The OpenAPI schema of a testimonial as it is answered. */
export const testimonialSchema = resource('Testimonial', {
  id: text,
  status: oneOf('received', 'approved', 'published', 'withdrawn'),
  receivedOn: day,
  'patronId?': uuid,
  'branch?': text,
  text: { ...orNull(text), description: '`null` once it was forgotten.' },
  'consent?': object({ givenOn: day, statement: orNull(text) }),
});
