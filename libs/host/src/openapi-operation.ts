import type { OpenAPIObject } from '@nestjs/swagger';
import {
  answerHeaders,
  answersExtension,
  takesExtension,
  problemSchema,
  type AnswerHeader,
  type AnswerShape,
  type AnswerShapes,
} from './openapi-answers.js';
import { idempotencyKeyParameter } from './idempotency.js';
import type { Route } from './routes.js';

type Item = OpenAPIObject['paths'][string];
export type Operation = NonNullable<Item['get']>;

const everywhere: readonly AnswerHeader[] = [
  'Cache-Control',
  'RateLimit',
  'RateLimit-Policy',
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
];

/** Problems that follow from an operation's parameters, body and key, and what they mean where it says nothing of its own. */
const problems: Readonly<Record<number, readonly [description: string, ...headers: AnswerHeader[]]>> = {
  400: ['The request cannot be read.'],
  401: ['The key or token is missing or wrong.', 'WWW-Authenticate'],
  403: [
    'The credential lacks the permission, or has it in other scopes; or its person has no role here (`NO_ROLE`).',
  ],
  404: ['There is nothing with this name.'],
  412: ['`If-Match` names another version than the current one.'],
  413: ['The body is too large.'],
  415: ['The body has a media type or an encoding that is not taken here.'],
  422: ['The request is well-formed, and something that it says is not valid.'],
  428: ['`If-Match` is required.'],
  429: ['Too many requests: wait for `Retry-After`.', 'Retry-After'],
  503: [
    'A server is unavailable or overloaded, or this instance is stopping: wait for `Retry-After`.',
    'Retry-After',
  ],
};

/** Statuses with which an operation refuses a request because of its own parameters, body and key. */
function refusalsOf(
  operation: Operation,
  path: string,
  { method, needs, takesIdempotencyKey }: Route,
): readonly number[] {
  const parameters = (operation.parameters ?? []) as readonly {
    name: string;
    in: string;
    required?: boolean;
  }[];
  const ifMatch = parameters.find(({ in: place, name }) => place === 'header' && name === 'If-Match');
  const { content = {} } = (operation.requestBody ?? {}) as { content?: object };
  // The lines of a batch are refused one by one.
  const saysSomething = 'application/json' in content || parameters.some((one) => one.in === 'query');
  return [
    400,
    ...(needs === 'nothing' ? [] : [401, 403]),
    ...(path.includes('{') ? [404] : []),
    ...(ifMatch ? [412] : []),
    ...(ifMatch?.required ? [428] : []),
    ...(method === 'GET' || method === 'DELETE' ? [] : [413, 415]),
    ...(saysSomething || takesIdempotencyKey ? [422] : []),
    429,
    503,
  ];
}

type Declared = Operation & {
  [answersExtension]?: AnswerShapes;
  [takesExtension]?: NonNullable<AnswerShape['content']>;
};

/** Replaces what is generated of an operation's bodies and answers with what it declares and with what follows. */
export function describeOperation(operation: Declared, path: string, route: Route): void {
  const { [answersExtension]: declared = {}, [takesExtension]: bodies } = operation;
  delete operation[answersExtension];
  delete operation[takesExtension];
  if (route.takesIdempotencyKey) (operation.parameters ??= []).push(idempotencyKeyParameter);
  if (bodies !== undefined) operation.requestBody = { required: true, content: contentOf(bodies) };
  const statuses = [...refusalsOf(operation, path, route), ...Object.keys(declared).map(Number)];
  operation.responses = Object.fromEntries(
    [...new Set(statuses)]
      .sort((a, b) => a - b)
      .map((status) => {
        const own = declared[status];
        if (own === undefined) return [status, { $ref: `#/components/responses/${status}` }];
        return [status, responseOf(status, typeof own === 'string' ? { description: own } : own)];
      }),
  ) as Operation['responses'];
}

function contentOf(forms: NonNullable<AnswerShape['content']>): Record<string, object> {
  return Object.fromEntries(Object.entries(forms).map(([type, schema]) => [type, { schema }]));
}

function responseOf(status: number, { description, content, headers = [] }: AnswerShape): object {
  const [meaning = successes[status] ?? '', ...given] = problems[status] ?? [];
  const forms = {
    ...(status < 400 ? {} : { 'application/problem+json': problemSchema }),
    ...content,
  };
  return {
    description: description ?? meaning,
    headers: Object.fromEntries(
      [...everywhere, ...given, ...headers].map((name) =>
        name === 'ETag?'
          ? ['ETag', { ...answerHeaders.ETag, required: false }]
          : [name, { $ref: `#/components/headers/${name}` }],
      ),
    ),
    ...(Object.keys(forms).length === 0 ? {} : { content: contentOf(forms) }),
  };
}

const successes: Readonly<Record<number, string>> = { 200: 'Done.', 201: 'Made.', 202: 'Begun.' };

/** The parts that operations refer to. */
export function sharedAnswers(): { readonly headers: object; readonly responses: object } {
  const statuses = Object.keys(problems).map(Number);
  return {
    headers: answerHeaders,
    responses: Object.fromEntries(statuses.map((status) => [status, responseOf(status, {})])),
  };
}
