import { z } from 'zod';

/** Short code of a library or branch. */
export const codeId = z.string().regex(/^[A-Za-z0-9-]{1,32}$/);
/** A calendar day in the consortium's time zone, `2024-03-31`. */
export const isoDate = z.iso.date();
/** A calendar month, `2024-03`. */
export const isoMonth = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/);
/** An instant, RFC 3339 in UTC with milliseconds: `2024-03-31T09:15:00.000Z`. */
export const instant = z.iso.datetime({ precision: 3 });
export const patronId = z.uuid();
/** Pseudonym of a normalised card number: base64url of its HMAC. */
export const cardToken = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
/** What an interaction came with: a card token or a patron id. */
export const reference = z.union([patronId, cardToken]);
/** A person, known or provisional (a reference that belongs to nobody yet), or the stream of an anonymous fact. */
export const holder = z.string().min(1).max(200);
export const money = z.strictObject({ minor: z.int(), currency: z.string().regex(/^[A-Z]{3}$/) });

/** Kinds of interaction, in the terms of METRICS.md. */
export const interactionKinds = [
  'visit',
  'loan',
  'renewal',
  'return',
  'hold',
  'reference',
  'program',
  'computer',
  'wifi',
  'eresource',
  'ill',
  'in-house-use',
  'room',
  'contact',
  'payment',
] as const;
export type InteractionKind = (typeof interactionKinds)[number];

export const windowMonths = z.union([z.literal(6), z.literal(12), z.literal(24), z.literal(36)]);

/** Which interactions count as use, and for how many months a reader stays active. */
export const activityPolicy = z.strictObject({
  qualifying: z.array(z.enum(interactionKinds)).min(1),
  windowMonths,
  /** True when digital use qualifies. */
  digital: z.boolean(),
});
export type ActivityPolicy = z.infer<typeof activityPolicy>;

export const defaultPolicy: ActivityPolicy = {
  qualifying: interactionKinds.filter((kind) => kind !== 'return' && kind !== 'payment'),
  windowMonths: 12,
  digital: true,
};

/** What an interaction says now: everything that a read model counts, and nothing about the person. */
export const interactionFact = z.strictObject({
  time: instant,
  kind: z.enum(interactionKinds),
  branch: codeId,
  quantity: z.int().min(1).max(10_000_000),
  /** Who started it, whatever its kind. What the library started is never use. */
  startedBy: z.enum(['patron', 'library']),
  channel: z.string().max(32).optional(),
  readScale: z.int().min(1).max(6).optional(),
  digital: z.boolean(),
});
export type InteractionFact = z.infer<typeof interactionFact>;

export const closureReasons = ['moved', 'deceased', 'asked-to-leave', 'not-renewed', 'other'] as const;
export type ClosureReason = (typeof closureReasons)[number];
