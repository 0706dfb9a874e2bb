import { flag, instant, integer, oneOf, orNull, resource, text } from '@readership/host';

const known = {
  id: text,
  state: oneOf('parked', 'replayed', 'discarded'),
  topic: text,
  partition: integer,
  offset: integer,
  sentAt: instant,
  source: orNull(text),
  key: orNull(text),
  reason: text,
  'pointer?': text,
  kept: { ...flag, description: 'Its content is stored, so that it can be replayed.' },
  interaction: { ...orNull(text), description: 'The interaction that it was taken as in the end.' },
};

/** The OpenAPI schema of a refused record. */
export const deadLetterSchema = resource('DeadLetter', known);

/** The OpenAPI schema of `ListedDeadLetter`. */
export const listedDeadLetterSchema = resource('ListedDeadLetter', {
  ...known,
  parkedAt: instant,
  triedAt: orNull(instant),
});
