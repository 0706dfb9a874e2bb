import { applyDecorators } from '@nestjs/common';
import { ApiConsumes, ApiExtension } from '@nestjs/swagger';
import { linesOf, object, outcomeOfLine, text, type Schema } from './openapi-schemas.js';

/** The headers of answers that the document describes, besides those that every answer has. */
export const answerHeaders = {
  ETag: { required: true, schema: text, description: 'The version read or written, for `If-Match`.' },
  Location: {
    required: true,
    schema: { ...text, format: 'uri-reference' },
    description: 'The address of what was made.',
  },
  'Readership-Position': {
    schema: text,
    description:
      'The position of this write. A read with `?after=` waits for it. Absent when nothing was written, or when the position is not known in time.',
  },
  'Retry-After': { required: true, schema: { type: 'integer', minimum: 1 }, description: 'Seconds.' },
  'WWW-Authenticate': { required: true, schema: text },
  'Content-Encoding': { schema: { type: 'string', enum: ['gzip'] } },
  Vary: { schema: text },
  'Cache-Control': { schema: text },
  RateLimit: { schema: text, description: 'Requests left in this second, and seconds until it ends.' },
  'RateLimit-Policy': {
    schema: text,
    description: 'Requests per second that one key, or one address without a key, may make.',
  },
  'X-RateLimit-Limit': { schema: { type: 'integer' } },
  'X-RateLimit-Remaining': { schema: { type: 'integer' } },
  'X-RateLimit-Reset': { schema: { type: 'integer' }, description: 'Seconds.' },
} as const;
/** A header's name; with `?` at its end where not every answer of the status has it. */
export type AnswerHeader = keyof typeof answerHeaders | 'ETag?';

/** An answer of one status: its body by media type, and its headers. */
export interface AnswerShape {
  readonly description?: string;
  readonly content?: Readonly<Record<string, Schema>>;
  readonly headers?: readonly AnswerHeader[];
}

/** The answers of an operation by status. A text describes a problem; a problem may have other forms besides. */
export type AnswerShapes = Readonly<Record<number, AnswerShape | string>>;

export const answersExtension = 'x-answers';

/**
 * Describes what an operation answers, with every status of success, and with the problems of its own. Those that follow
 * from its parameters, body and key are added to the document by themselves.
 */
export const Answers = (answers: AnswerShapes): MethodDecorator => ApiExtension(answersExtension, answers);

export const takesExtension = 'x-takes';

/** Describes the body of a request that no class describes, by media type. */
export const Takes = (content: NonNullable<AnswerShape['content']>): MethodDecorator =>
  applyDecorators(ApiConsumes(...Object.keys(content)), ApiExtension(takesExtension, content));

export function json(schema: Schema, ...headers: readonly AnswerHeader[]): AnswerShape {
  return { content: { 'application/json': schema }, headers };
}

const damaged = 'A stored event of the resource is damaged.';

/** The answer to a read of one resource. */
export const readOf = (schema: Schema): AnswerShapes => ({ 200: json(schema, 'ETag'), 409: damaged });

/** The answer to a command that changes what exists. */
export const changeOf = (schema: Schema): AnswerShapes => ({
  200: json(schema, 'ETag', 'Readership-Position'),
  409: damaged,
});

/** The answers to a command that makes a resource, once: 201, and 200 for the same request again. */
export const makingOf = (schema: Schema): AnswerShapes => ({
  ...changeOf(schema),
  201: json(schema, 'ETag', 'Location', 'Readership-Position'),
});

/** The answer to a batch: an outcome for each line. */
export const outcomes: AnswerShapes = {
  200: { content: { 'application/x-ndjson': linesOf(outcomeOfLine) }, headers: ['Readership-Position'] },
};

/** The answers of a static file. */
export const fileOf = (type: string): AnswerShapes => ({
  200: {
    content: { [type]: type === 'application/json' ? { type: 'object' } : text },
    headers: ['ETag', 'Vary', 'Content-Encoding'],
  },
  304: { description: 'The client has this content already.', headers: ['ETag', 'Vary'] },
});

/** The body of a problem, RFC 9457. */
export const problemSchema: Schema = {
  title: 'Problem',
  ...object({
    type: { ...text, format: 'uri' },
    title: text,
    status: { type: 'integer' },
    code: { ...text, description: 'Stable: clients may rely on it' },
    detail: text,
    instance: text,
    traceId: text,
    'errors?': {
      type: 'array',
      items: object({ pointer: text, code: text, detail: text }),
      description: 'The fields at fault.',
    },
    'more?': { type: 'integer', minimum: 1, description: 'How many further faults are not listed.' },
  }),
};
