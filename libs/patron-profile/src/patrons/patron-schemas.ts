import { closureReasons } from '@readership/contracts';
import { day, integer, listOf, object, oneOf, orNull, resource, text, uuid } from '@readership/host';

/** The OpenAPI schema of the answer to a write. */
export const patronWrittenSchema = resource('PatronWritten', { id: uuid, version: integer });

/** The OpenAPI schema of `PatronRecord`. */
export const patronSchema = resource('Patron', {
  id: uuid,
  cards: listOf(text),
  givenName: orNull(text),
  familyName: orNull(text),
  email: orNull(text),
  phone: orNull(text),
  homeBranch: text,
  category: orNull(text),
  language: orNull(text),
  enrolledOn: orNull(day),
  status: oneOf('open', 'closed'),
  'closure?': object({ reason: oneOf(...closureReasons), on: day }),
  version: integer,
});
