import { interactionKinds } from '@readership/contracts';
import { problemsOf, type Problem } from '@readership/host';
import type { z } from 'zod';

/** The problems that a field can have, by stable code, and what to do about each. It never repeats what was sent. */
const remedies = {
  REQUIRED: 'A required field is missing.',
  WRONG_TYPE: 'The value has the wrong JSON type.',
  UNKNOWN_FIELD: 'This field is not part of an interaction.',
  UNSUPPORTED_SPECVERSION: 'The specversion must be "1.0".',
  UNKNOWN_TYPE: 'The type must be "org.readership.interaction.v1".',
  BAD_SOURCE: 'The source must have 1 to 256 characters.',
  BAD_ID: 'The id must have 1 to 128 characters.',
  BAD_ATTRIBUTE:
    'A CloudEvents attribute has a name of lower-case letters and digits, and is a string of at most 2,048 characters, a boolean or an integer.',
  DATA_NOT_JSON: 'The data must be JSON: leave datacontenttype out, or give application/json.',
  BOTH_DATA: 'Send data or data_base64, not both.',
  BAD_BASE64: 'data_base64 must be base64 with padding.',
  BAD_TEXT: 'The text must not have control characters other than tabs and line breaks.',
  BAD_TIME: 'The time must be RFC 3339 with an offset, such as 2024-03-31T09:15:00+02:00.',
  TIME_TOO_EARLY: 'The time is before 1900.',
  TIME_IN_FUTURE: 'The time is more than a day in the future.',
  TIME_OUT_OF_RANGE: 'The time is a placeholder: do not send what has not happened.',
  UNKNOWN_KIND: `There is no such kind of interaction; the kinds are ${interactionKinds.join(', ')}.`,
  UNKNOWN_BRANCH: 'There is no branch with this id: give one that GET /v1/branches lists, or add it first.',
  BAD_CARD: 'A card number has 1 to 64 printable characters.',
  BAD_PATRON_ID: 'A patron id must be a UUID.',
  BOTH_CARD_AND_PATRON: 'Name the card or the patron, not both.',
  PERSON_IS_FIXED: 'The card or patron cannot be corrected: withdraw the interaction and record a new one.',
  BAD_QUANTITY: 'The quantity must be an integer of at least 1.',
  QUANTITY_TOO_LARGE: 'The quantity must be at most 1,000 with a card or patron, and 10,000,000 without.',
  BAD_STARTED_BY: 'startedBy must be "patron" or "library".',
  BAD_CHANNEL: 'The channel must be a short code of 1 to 32 letters, digits, dots, hyphens and underscores.',
  BAD_READ_SCALE: 'The READ scale must be an integer from 1 to 6.',
  BAD_REASON: 'The reason must have 1 to 1,000 characters.',
  EVENT_TOO_LARGE: 'The details must have at most 60 KiB.',
  UNKNOWN_SOURCE: 'There is no source with this name: say which branches it may send for.',
  SOURCE_NOT_ALLOWED: 'This source may not send for this branch.',
  TOMBSTONE: 'The record has no value.',
  NOT_A_CLOUDEVENT: 'Send a CloudEvent: structured, or binary with ce_ headers.',
  UNSUPPORTED_MEDIA_TYPE: 'Send application/cloudevents+json, or ce_ headers and application/json.',
  RECORD_TOO_LARGE: 'A record must have at most 128 KiB, key and headers included.',
  NOT_UTF8: 'Send text encoded as UTF-8.',
  BAD_STRING: 'Send text without NUL.',
  CANNOT_RECORD:
    'Recording failed repeatedly because of a fault in Readership: replay the record when the fault is fixed.',
} as const;

export type ProblemCode = keyof typeof remedies;

export function problem(code: ProblemCode, pointer?: string): Problem {
  return { code, detail: remedies[code], ...(pointer === undefined ? {} : { pointer }) };
}

/** What a schema of ours found, never empty. The messages of our schemas are codes. */
export function schemaProblems(error: z.ZodError): readonly Problem[] {
  return problemsOf(error, (message, pointer) => {
    if (message === null) return problem('UNKNOWN_FIELD', pointer);
    return problem(message in remedies ? (message as ProblemCode) : 'WRONG_TYPE', pointer);
  });
}
