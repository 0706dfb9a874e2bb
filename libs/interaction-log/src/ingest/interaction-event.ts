import {
  interactionKinds,
  isProse,
  normalisedCard,
  proseOf,
  type InteractionFact,
} from '@readership/contracts';
import { withoutAbsent, type Problem } from '@readership/host';
import { digest, keyed } from '@readership/kernel';
import { z } from 'zod';
import { quantityOfPersonMax } from '../interaction.decider.js';
import { readEnvelope } from './cloud-event.js';
import { instantOf } from './instant.js';
import { problem, schemaProblems, type ProblemCode } from './problems.js';

const quantityMax = 10_000_000;
const detailsBytesMax = 60 * 1024;

/** A required field's problem code when it is present but wrong. When it is absent the code is `REQUIRED`. */
const or = (code: ProblemCode) => ({
  error: (issue: { readonly input?: unknown }) => (issue.input === undefined ? 'REQUIRED' : code),
});
const typed = or('WRONG_TYPE');

const eventType = 'org.readership.interaction.v1';

/** A CloudEvents attribute that is accepted and not stored. */
const ignored = z.string(or('BAD_ATTRIBUTE')).max(2048, 'BAD_ATTRIBUTE').optional();

const kind = z.enum(interactionKinds, or('UNKNOWN_KIND'));
/** A code that no branch can have gets the problem of an unknown branch. */
const branch = z.string(typed).regex(/^[A-Za-z0-9-]{1,32}$/, 'UNKNOWN_BRANCH');
const quantity = z.int(or('BAD_QUANTITY')).min(1, 'BAD_QUANTITY').max(quantityMax, 'QUANTITY_TOO_LARGE');
const time = z.string(typed).max(64, 'BAD_TIME');
const details = z
  .string(typed)
  .max(detailsBytesMax, { error: 'EVENT_TOO_LARGE', abort: true })
  .overwrite(proseOf)
  .refine(isProse, 'BAD_TEXT')
  .transform((prose) => prose || undefined);

/** A CloudEvent as `POST /v1/interactions` takes it. The messages are problem codes. */
export const interactionEvent = z.strictObject(
  {
    specversion: z.literal('1.0', or('UNSUPPORTED_SPECVERSION')),
    source: z.string(typed).min(1, 'BAD_SOURCE').max(256, 'BAD_SOURCE'),
    id: z.string(typed).min(1, 'BAD_ID').max(128, 'BAD_ID'),
    type: z.literal(eventType, or('UNKNOWN_TYPE')),
    time,
    subject: ignored,
    datacontenttype: ignored,
    dataschema: ignored,
    data: z.strictObject(
      {
        kind,
        branch,
        card: z.string(typed).max(256, 'BAD_CARD').optional(),
        patronId: z.uuid(or('BAD_PATRON_ID')).optional(),
        quantity: quantity.optional(),
        startedBy: z.enum(['patron', 'library'], or('BAD_STARTED_BY')).optional(),
        channel: z
          .string(typed)
          .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/, 'BAD_CHANNEL')
          .optional(),
        readScale: z.int(or('BAD_READ_SCALE')).min(1, 'BAD_READ_SCALE').max(6, 'BAD_READ_SCALE').optional(),
        digital: z.boolean(typed).optional(),
        details: details.optional(),
      },
      typed,
    ),
  },
  typed,
);

/** The same as it is documented: with extension attributes, which anybody may add and which are not kept. */
export const documentedEvent = interactionEvent.catchall(
  z.union([z.string().max(2048), z.boolean(), z.int32()]),
);

/** The body of `…/correct`. The person cannot be corrected. */
export const correction = z.strictObject(
  {
    time: time.optional(),
    kind: kind.optional(),
    branch: branch.optional(),
    quantity: quantity.optional(),
    details: details.optional(),
    reason: z
      .string(typed)
      .max(1000, { error: 'BAD_REASON', abort: true })
      .overwrite(proseOf)
      .min(1, 'BAD_REASON')
      .refine(isProse, 'BAD_TEXT'),
  },
  typed,
);

/** The body of `…/withdraw` and `…/restore`. */
export const reasonOnly = correction.pick({ reason: true });

/** An interaction as it was sent, normalised and ready to be recorded. */
export interface Incoming {
  /** Id of its stream: the digest of source and id. */
  readonly id: string;
  /** The source that the sender names. */
  readonly source: string;
  readonly reference: string | null;
  readonly now: InteractionFact;
  /** Keyed digest of everything that was sent. */
  readonly digest: string;
  readonly details?: string;
}

/** Reads what was sent. `cardKey` makes tokens of card numbers and digests. Returns the problems if there are any. */
export function incoming(sent: unknown, nowMs: number, cardKey: Buffer): Incoming | readonly Problem[] {
  const { event, problems } = readEnvelope(sent);
  const parsed = interactionEvent.safeParse(withoutAbsent(interactionEvent, event));
  if (!parsed.success) return [...problems, ...schemaProblems(parsed.error)];
  if (problems.length > 0) return problems;
  const { source, id, data } = parsed.data;
  const when = instantOf(parsed.data.time, nowMs);
  if (typeof when === 'string') return [problem(when, '/time')];
  if (data.details !== undefined && tooLong(data.details))
    return [problem('EVENT_TOO_LARGE', '/data/details')];

  let reference: string | null = null;
  if (data.card !== undefined) {
    if (data.patronId !== undefined) return [problem('BOTH_CARD_AND_PATRON', '/data/card')];
    const card = normalisedCard(data.card);
    if (card === null) return [problem('BAD_CARD', '/data/card')];
    reference = keyed(cardKey, card);
  } else if (data.patronId !== undefined) {
    reference = data.patronId.toLowerCase();
  }
  const { quantity = 1 } = data;
  if (reference !== null && quantity > quantityOfPersonMax)
    return [problem('QUANTITY_TOO_LARGE', '/data/quantity')];

  const now: InteractionFact = {
    time: when.instant,
    kind: data.kind,
    branch: data.branch,
    quantity,
    startedBy: data.startedBy ?? 'patron',
    ...(data.channel === undefined ? {} : { channel: data.channel }),
    ...(data.readScale === undefined ? {} : { readScale: data.readScale }),
    digital: data.digital ?? false,
  };
  const { details } = data;
  return {
    id: digest(`${source}\u0000${id}`),
    source,
    reference,
    now,
    digest: digestOf(now, reference, details, cardKey),
    ...(details === undefined ? {} : { details }),
  };
}

/** Keyed digest of everything that was sent. It distinguishes a repetition from other content. */
export function digestOf(
  now: InteractionFact,
  reference: string | null,
  details: string | undefined,
  cardKey: Buffer,
): string {
  const said = [
    eventType,
    now.time,
    now.kind,
    now.branch,
    now.quantity,
    now.startedBy,
    now.channel ?? null,
    now.readScale ?? null,
    now.digital,
    reference,
    details ?? null,
  ];
  return keyed(cardKey, JSON.stringify(said));
}

/** True when free text would not fit into an event, encoded. */
export function tooLong(details: string): boolean {
  return details.length * 6 > detailsBytesMax && Buffer.byteLength(JSON.stringify(details)) > detailsBytesMax;
}
