import { HttpProblem } from '@readership/host';
import type { z } from 'zod';

/** What can be wrong with a field, by stable code, and what to do about it. Never repeats what was sent. */
const remedies = {
  REQUIRED: 'A required field is missing.',
  WRONG_TYPE: 'The value has the wrong JSON type.',
  UNKNOWN_FIELD: 'This field is not part of an interaction.',
  UNSUPPORTED_SPECVERSION: 'The specversion must be "1.0".',
  UNKNOWN_TYPE: 'The type must be "org.readership.interaction.v1".',
  BAD_SOURCE: 'The source must have 1 to 256 characters.',
  BAD_ID: 'The id must have 1 to 128 characters.',
  BAD_ATTRIBUTE: 'A CloudEvents attribute must be a string of at most 2,048 characters.',
  BAD_TIME: 'The time must be RFC 3339 with an offset, such as 2024-03-31T09:15:00+02:00.',
  TIME_TOO_EARLY: 'The time is before 1900.',
  TIME_IN_FUTURE: 'The time is more than a day in the future.',
  TIME_OUT_OF_RANGE: 'The time is a placeholder: do not send what has not happened.',
  UNKNOWN_KIND: 'There is no such kind of interaction.',
  UNKNOWN_BRANCH: 'There is no branch with this id: add the branch first.',
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

export interface Problem {
  readonly code: string;
  readonly detail: string;
  /** JSON pointer to the field at fault. */
  readonly pointer?: string;
}

export function problem(code: ProblemCode, pointer?: string): Problem {
  return { code, detail: remedies[code], ...(pointer === undefined ? {} : { pointer }) };
}

/** All that is wrong with a request; its own code is that of the first. */
export function refused(problems: readonly Problem[], status = 422): HttpProblem {
  const { code, detail } = problems[0]!;
  const errors = problems.flatMap(({ pointer, ...rest }) =>
    pointer === undefined ? [] : [{ pointer, ...rest }],
  );
  return new HttpProblem(status, code, detail, errors.length === 0 ? {} : { errors });
}

const segmentLengthMax = 64;

function pointerOf(path: readonly PropertyKey[]): string {
  return path
    .map(
      (segment) =>
        `/${String(segment).slice(0, segmentLengthMax).replaceAll('~', '~0').replaceAll('/', '~1')}`,
    )
    .join('');
}

/** What a schema of ours, whose messages are codes, found; never empty. */
export function problemsOf(error: z.ZodError): readonly Problem[] {
  return error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => problem('UNKNOWN_FIELD', pointerOf([...issue.path, key])))
      : [
          problem(
            issue.message in remedies ? (issue.message as ProblemCode) : 'WRONG_TYPE',
            pointerOf(issue.path),
          ),
        ],
  );
}
