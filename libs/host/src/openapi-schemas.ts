import type { OpenAPIObject } from '@nestjs/swagger';
import { z } from 'zod';

/** A JSON Schema of the 2020-12 draft, which OpenAPI 3.1 uses. With a `title` it becomes a component of that name. */
export type Schema = Readonly<Record<string, unknown>>;

export const integer = { type: 'integer' } as const;
export const number = { type: 'number' } as const;
export const text = { type: 'string' } as const;
export const flag = { type: 'boolean' } as const;
export const day = { type: 'string', format: 'date' } as const;
export const instant = { type: 'string', format: 'date-time' } as const;
export const uuid = { type: 'string', format: 'uuid' } as const;

export const listOf = (items: Schema): Schema => ({ type: 'array', items });
export const oneOf = (...values: readonly string[]): Schema => ({ type: 'string', enum: [...values] });
export const orNull = (schema: Schema): Schema => ({ anyOf: [schema, { type: 'null' }] });

/** An object with these properties and no others. A property whose name ends with `?` may be absent. */
export function object(properties: Readonly<Record<string, Schema>>): Schema {
  const names = Object.keys(properties);
  return {
    type: 'object',
    required: names.filter((name) => !name.endsWith('?')),
    properties: Object.fromEntries(names.map((name) => [name.replace(/\?$/, ''), properties[name]])),
    additionalProperties: false,
  };
}

/** An object like `object`, with a name of its own in the document. */
export function resource(title: string, properties: Readonly<Record<string, Schema>>): Schema {
  return { title, ...object(properties) };
}

/** A page of a list. */
export function pageOf(item: Schema): Schema {
  return object({ items: listOf(item), nextCursor: orNull(text) });
}

/** What a body must be that a zod schema reads. */
export function schemaOf(schema: z.ZodType): Schema {
  const described = z.toJSONSchema(schema, {
    io: 'input',
    target: 'draft-2020-12',
    override: ({ jsonSchema }) => void Object.assign(jsonSchema, orAbsent(jsonSchema)),
  });
  delete described.$schema;
  return described;
}

const absent = {
  title: 'Absent',
  type: ['string', 'null'],
  pattern: '^\\s*$',
  description: 'No value: as if the field were not given, or in a change that it is taken away.',
};

/** Properties of a body, of which the optional ones may also say that there is no value. */
function orAbsent({
  properties,
  required = [],
}: {
  properties?: object;
  required?: readonly string[];
}): object {
  if (properties === undefined) return {};
  return {
    properties: Object.fromEntries(
      Object.entries(properties).map(([name, schema]: [string, object]) => [
        name,
        required.includes(name) ? schema : { anyOf: [schema, absent] },
      ]),
    ),
  };
}

/** NDJSON: each line is one JSON value of this schema. */
export function linesOf(line: Schema): Schema {
  return { type: 'string', contentMediaType: 'application/x-ndjson', contentSchema: line };
}

/** The outcome of one line of a batch. */
export const outcomeOfLine: Schema = {
  title: 'OutcomeOfLine',
  ...object({
    line: { ...integer, minimum: 1, description: 'Counted from 1, empty lines included.' },
    outcome: oneOf('recorded', 'already-recorded', 'refused'),
    'id?': text,
    'code?': { ...text, description: 'Of a refused line; clients may rely on it.' },
    'detail?': text,
    'pointer?': text,
  }),
};

/**
 * Brings the schemas of a document into one form: a schema with a title becomes a component, `nullable` becomes a type,
 * and what a body's class does not name is refused. Throws when two schemas have the same title.
 */
export function tidySchemas(document: OpenAPIObject): OpenAPIObject {
  const components: Record<string, unknown> = {};
  const tidy = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(tidy);
    if (typeof value !== 'object' || value === null) return value;
    const { title, nullable, ...rest } = Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, key === 'example' ? inner : tidy(inner)]),
    ) as { title?: unknown; nullable?: unknown; [key: string]: unknown };
    if (nullable === true) rest['type'] = [rest['type'], 'null'];
    // Not every reader of the document has the Unicode classes of JavaScript's regular expressions.
    if (typeof rest['pattern'] === 'string' && rest['pattern'].includes('\\p{')) delete rest['pattern'];
    if (typeof title !== 'string' || rest['type'] === undefined) {
      return title === undefined ? rest : { title, ...rest };
    }
    const known = (components[title] ??= rest);
    if (JSON.stringify(known) !== JSON.stringify(rest)) throw new Error(`two schemas are titled ${title}`);
    return { $ref: `#/components/schemas/${title}` };
  };
  const bodies = Object.entries(document.components?.schemas ?? {}).map(([name, schema]) => [
    name,
    tidy({ ...schema, ...orAbsent(schema as object), additionalProperties: false }),
  ]);
  const paths = tidy(document.paths) as OpenAPIObject['paths'];
  const responses = tidy(document.components?.responses ?? {});
  return {
    ...document,
    paths,
    components: {
      ...document.components,
      responses: responses as never,
      schemas: { ...Object.fromEntries(bodies), ...components } as never,
    },
  };
}
