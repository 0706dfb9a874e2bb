import type { Fact, LogRecord, Published } from '@readership/kernel';
import { z } from 'zod';
import type { ContextName } from './contexts.js';
import * as s from './shapes.js';
import { upcast } from './upcasters.js';

const library = z.strictObject({ id: s.codeId, name: z.string() });

/**
 * Every fact that contexts publish, by type: its context, schema version and data. The keys: a directory fact has its
 * stream; a patron's fact the patron id; a card's fact its token; an interaction's fact its holder, `Referenced` the
 * reference; feedback the patron id, else its stream; a cost its stream.
 */
export const publishedFacts = {
  ConsortiumConfigured: {
    context: 'patron-profile',
    schema: 1,
    data: z.strictObject({
      name: z.string(),
      timeZone: z.string(),
      currency: z.string(),
      fiscalYearStartMonth: z.int().min(1).max(12),
      activityPolicy: s.activityPolicy,
    }),
  },
  LibraryAdded: { context: 'patron-profile', schema: 1, data: library },
  LibraryRenamed: { context: 'patron-profile', schema: 1, data: library },
  BranchAdded: {
    context: 'patron-profile',
    schema: 1,
    data: z.strictObject({
      id: s.codeId,
      name: z.string(),
      library: s.codeId,
      timeZone: z.string(),
      population: z.int().positive().optional(),
    }),
  },
  BranchRenamed: {
    context: 'patron-profile',
    schema: 1,
    data: z.strictObject({ id: s.codeId, name: z.string() }),
  },
  BranchTransferred: {
    context: 'patron-profile',
    schema: 1,
    data: z.strictObject({ id: s.codeId, library: s.codeId }),
  },
  BranchTimeZoneSet: {
    context: 'patron-profile',
    schema: 1,
    data: z.strictObject({ id: s.codeId, timeZone: z.string() }),
  },
  BranchPopulationStated: {
    context: 'patron-profile',
    schema: 2,
    data: z.strictObject({ id: s.codeId, population: z.int().positive(), populationSince: s.isoDate }),
  },
  BranchClosed: {
    context: 'patron-profile',
    schema: 1,
    /** `closedOn` is the last day; it may be ahead, and replaces the one that was stated before. */
    data: z.strictObject({ id: s.codeId, closedOn: s.isoDate }),
  },
  BranchReopened: {
    context: 'patron-profile',
    schema: 1,
    /** The branch has no last day any more. */
    data: z.strictObject({ id: s.codeId }),
  },
  PatronRegistered: {
    context: 'patron-profile',
    schema: 1,
    data: z.strictObject({
      personId: s.patronId,
      homeBranch: s.codeId,
      category: z.string().optional(),
      language: z.string().optional(),
      /** Absent when it is not known. */
      enrolledOn: s.isoDate.optional(),
    }),
  },
  PatronMoved: {
    context: 'patron-profile',
    schema: 1,
    data: z.strictObject({ personId: s.patronId, homeBranch: s.codeId, since: s.isoDate }),
  },
  PatronClosed: {
    context: 'patron-profile',
    schema: 1,
    data: z.strictObject({ personId: s.patronId, reason: z.enum(s.closureReasons), on: s.isoDate }),
  },
  PatronReopened: {
    context: 'patron-profile',
    schema: 1,
    data: z.strictObject({ personId: s.patronId, on: s.isoDate }),
  },
  CardLinked: {
    context: 'patron-profile',
    schema: 1,
    /** `from` is absent for the first link of this card, which has no lower limit. */
    data: z.strictObject({ token: s.cardToken, personId: s.patronId, from: s.instant.optional() }),
  },
  CardUnlinked: {
    context: 'patron-profile',
    schema: 1,
    data: z.strictObject({ token: s.cardToken, until: s.instant }),
  },
  PersonRedirected: {
    context: 'patron-profile',
    schema: 1,
    /** `version` is that of the person's stream. The highest wins. */
    data: z.strictObject({
      reference: s.reference,
      from: s.patronId,
      to: s.patronId.nullable(),
      version: z.int().positive(),
    }),
  },
  InteractionRecorded: {
    context: 'interaction-log',
    schema: 1,
    data: z.strictObject({
      interaction: z.string(),
      reference: s.reference.nullable(),
      now: s.interactionFact,
    }),
  },
  Referenced: {
    context: 'interaction-log',
    schema: 1,
    data: z.strictObject({ interaction: z.string(), time: s.instant, holder: s.holder }),
  },
  InteractionCorrected: {
    context: 'interaction-log',
    schema: 1,
    data: z.strictObject({ interaction: z.string(), was: s.interactionFact, now: s.interactionFact }),
  },
  InteractionWithdrawn: {
    context: 'interaction-log',
    schema: 1,
    data: z.strictObject({ interaction: z.string(), was: s.interactionFact }),
  },
  /** A withdrawal was taken back: it counts as if it was recorded now. */
  InteractionRestored: {
    context: 'interaction-log',
    schema: 1,
    data: z.strictObject({ interaction: z.string(), now: s.interactionFact }),
  },
  ReattributedAway: {
    context: 'interaction-log',
    schema: 1,
    /** `was` is `null` for a withdrawn interaction: then nothing is counted, and only the holder changes. */
    data: z.strictObject({ interaction: z.string(), was: s.interactionFact.nullable() }),
  },
  Adopted: {
    context: 'interaction-log',
    schema: 1,
    data: z.strictObject({
      interaction: z.string(),
      reference: s.reference,
      now: s.interactionFact.nullable(),
    }),
  },
  SurveyCreated: {
    context: 'feedback',
    schema: 1,
    data: z.strictObject({
      survey: z.string(),
      language: z.string(),
      questions: z.array(z.strictObject({ id: z.string(), type: z.enum(['nps', 'csat', 'text']) })),
    }),
  },
  InvitationIssued: {
    context: 'feedback',
    schema: 1,
    data: z.strictObject({ invitation: z.string(), survey: z.string(), branch: s.codeId.optional() }),
  },
  SurveyAnswered: {
    context: 'feedback',
    schema: 1,
    data: z.strictObject({
      survey: z.string(),
      response: z.string(),
      invitation: z.string().optional(),
      answeredAt: s.instant,
      branch: s.codeId.optional(),
      /** NPS 0–10, CSAT 1–5. An omitted question has no entry. */
      scores: z.array(
        z.strictObject({
          question: z.string(),
          type: z.enum(['nps', 'csat']),
          score: z.int().min(0).max(10),
        }),
      ),
    }),
  },
  TestimonialReceived: {
    context: 'feedback',
    schema: 1,
    data: z.strictObject({ testimonial: z.string(), receivedOn: s.isoDate, branch: s.codeId.optional() }),
  },
  TestimonialApproved: {
    context: 'feedback',
    schema: 1,
    data: z.strictObject({ testimonial: z.string(), receivedOn: s.isoDate, branch: s.codeId.optional() }),
  },
  TestimonialPublished: {
    context: 'feedback',
    schema: 1,
    data: z.strictObject({ testimonial: z.string(), receivedOn: s.isoDate, branch: s.codeId.optional() }),
  },
  TestimonialWithdrawn: {
    context: 'feedback',
    schema: 1,
    data: z.strictObject({
      testimonial: z.string(),
      receivedOn: s.isoDate,
      branch: s.codeId.optional(),
      /** Its status when it was withdrawn. */
      was: z.enum(['received', 'approved', 'published']),
    }),
  },
  CostStated: {
    context: 'analytics',
    schema: 1,
    data: z.strictObject({
      branch: s.codeId,
      month: s.isoMonth,
      category: z.string(),
      amount: s.money,
      /** The amount that this statement replaces. */
      was: s.money.optional(),
    }),
  },
} as const satisfies Record<string, { context: ContextName; schema: number; data: z.ZodType<object> }>;

export type PublishedType = keyof typeof publishedFacts;
export type FactData<T extends PublishedType> = z.infer<(typeof publishedFacts)[T]['data']>;
export type FactOf<T extends PublishedType> = {
  [K in T]: { readonly type: K; readonly data: FactData<K> };
}[T];
/** A published fact of one of these types as a projection reads it. */
export type PublishedEvent<T extends PublishedType = PublishedType> = { [K in T]: Published<FactOf<K>> }[T];

/** The CloudEvents type: `org.readership.patron-profile.patron-registered.v1`. */
export function cloudEventType(type: PublishedType): string {
  const { context, schema } = publishedFacts[type];
  const name = type.replace(
    /[A-Z]/g,
    (letter, at: number) => `${at === 0 ? '' : '-'}${letter.toLowerCase()}`,
  );
  return `org.readership.${context}.${name}.v${schema}`;
}

/** The same type, but an optional field may also be `undefined`, which JSON omits. */
type Picked<T> = T extends readonly (infer Item)[]
  ? readonly Picked<Item>[]
  : T extends object
    ? { readonly [K in keyof T]: Picked<T[K]> | (undefined extends T[K] ? undefined : never) }
    : T;

/**
 * Makes the published body of a fact. Its `publish.ts` names every field, so that a field added to an event stays
 * private until it is named there too. `time` is when it happened, if that is known.
 */
export function fact<T extends PublishedType>(type: T, data: Picked<FactData<T>>, time?: string) {
  return { type, schema: publishedFacts[type].schema, data, ...(time === undefined ? {} : { time }) };
}

/** Throws when a fact does not match its contract or its context. The message names fields and holds no values. */
export function checkFact(context: string, { type, schema, data }: Fact): void {
  const known = publishedFacts[type as PublishedType];
  if (known?.context !== context || known.schema !== schema)
    throw new TypeError(`${context} would publish ${type} v${schema}, which is none of its facts`);
  const { error } = known.data.safeParse(data);
  if (!error) return;
  const wrong = error.issues.map((issue) => {
    const keys = issue.code === 'unrecognized_keys' ? issue.keys : [];
    return `${issue.code} at /${[...issue.path, ...keys].join('/')}`;
  });
  throw new TypeError(
    `${context} would publish ${type} otherwise than the contracts say: ${wrong.join(', ')}`,
  );
}

/**
 * Decodes a record of the log into its fact, whatever version it was published in. Throws on a type or schema version
 * that this build does not know.
 */
export function decodeFact(record: LogRecord): PublishedEvent {
  const known = publishedFacts[record.type as PublishedType];
  if (known === undefined || record.schema > known.schema) {
    throw new Error(`unknown fact ${record.type} v${record.schema}`);
  }
  const body = JSON.parse(record.body) as object;
  const data = record.schema === known.schema ? body : upcast(record, body, known.schema);
  const { id, stream, key, partition, position, time, recordedAt, actor, context, traceparent } = record;
  return {
    type: record.type,
    data,
    id,
    stream,
    key,
    partition,
    position,
    time,
    recordedAt,
    actor,
    context,
    ...(traceparent === undefined ? {} : { traceparent }),
  } as PublishedEvent;
}
