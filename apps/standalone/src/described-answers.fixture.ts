import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

/** An answer, with its body parsed: NDJSON as an array of its lines. */
interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: unknown;
}

interface Described {
  readonly $ref?: string;
  readonly description?: string;
  readonly headers?: Readonly<Record<string, { readonly $ref?: string; readonly required?: boolean }>>;
  readonly content?: Readonly<Record<string, { readonly schema: { readonly contentSchema?: object } }>>;
}

export interface Operation {
  readonly operationId: string;
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly unknown[];
  readonly parameters: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly schema?: object;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> };
  readonly responses: Readonly<Record<string, Described>>;
}

export interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

/** Headers of the transport, and those that every page and answer has for the safety of browsers. */
const undescribed =
  /^(connection|keep-alive|date|content-length|content-type|transfer-encoding|content-security-policy|cross-origin-.*|origin-agent-cluster|referrer-policy|strict-transport-security|x-(content-type-options|dns-prefetch-control|download-options|frame-options|permitted-cross-domain-policies|xss-protection|robots-tag))$/;

/** Compares answers with an OpenAPI document, and remembers which of its answers it has seen. */
export class DescribedAnswers {
  readonly seen = new Set<string>();
  private readonly ajv = addFormats.default(new Ajv2020({ strict: false, allErrors: true }));

  constructor(readonly document: Document) {
    this.ajv.addSchema({ $id: 'openapi', ...document });
  }

  get operations(): readonly { method: string; path: string; operation: Operation }[] {
    return Object.entries(this.document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
    );
  }

  /** Each answer that the document describes, such as `branchesAdd 201`. */
  get all(): readonly string[] {
    return this.operations.flatMap(({ operation }) =>
      Object.keys(operation.responses).map((status) => `${operation.operationId} ${status}`),
    );
  }

  /** What differs between an answer and its description, one sentence for each difference. */
  faults(method: string, url: string, answer: Answer): readonly string[] {
    const found = this.operationOf(method, url.split('?', 1)[0]!);
    if (found === undefined) return [`${method} ${url} is not described`];
    const { path, operation } = found;
    const name = `${operation.operationId} ${answer.status}`;
    if (operation.responses[answer.status] === undefined) return [`${name} is not described: ${answer.text}`];
    this.seen.add(name);
    const at = `/paths/${escaped(path)}/${method.toLowerCase()}/responses/${answer.status}`;
    const { pointer, value } = this.resolved<Described>(at);
    return [...this.headerFaults(value, answer), ...this.bodyFaults(pointer, value, answer)].map(
      (fault) => `${name}: ${fault}`,
    );
  }

  private operationOf(method: string, path: string): { path: string; operation: Operation } | undefined {
    const matching = Object.keys(this.document.paths).filter((template) =>
      new RegExp(`^${template.replaceAll('.', '\\.').replaceAll(/\{[^}]+\}/g, '[^/]+')}$`).test(path),
    );
    // A plain path comes before one with parameters.
    const [nearest] = matching.sort((a, b) => a.split('{').length - b.split('{').length);
    const operation = nearest === undefined ? undefined : this.document.paths[nearest]![method.toLowerCase()];
    return operation && { path: nearest!, operation };
  }

  private headerFaults({ headers = {} }: Described, answer: Answer): readonly string[] {
    const described = new Map(Object.entries(headers).map(([name, one]) => [name.toLowerCase(), one]));
    const isRequired = (one: { $ref?: string; required?: boolean }): boolean =>
      (one.$ref === undefined ? one : this.resolved<typeof one>(one.$ref.slice(1)).value).required === true;
    return [
      ...[...answer.headers.keys()].flatMap((name) =>
        described.has(name) || undescribed.test(name) ? [] : [`the header ${name} is not described`],
      ),
      ...[...described].flatMap(([name, one]) =>
        isRequired(one) && !answer.headers.has(name) ? [`the header ${name} is missing`] : [],
      ),
    ];
  }

  private bodyFaults(pointer: string, { content = {} }: Described, answer: Answer): readonly string[] {
    const type = (answer.headers.get('content-type') ?? '').split(';', 1)[0]!;
    if (answer.text === '') return Object.keys(content).length === 0 ? [] : ['there is no body'];
    const form = content[type];
    if (form === undefined) return [`a body of ${type} is not described`];
    const schema = `${pointer}/content/${escaped(type)}/schema`;
    if (form.schema.contentSchema === undefined) return this.schemaFaults(schema, answer.body);
    return (answer.body as unknown[]).flatMap((line) => this.schemaFaults(`${schema}/contentSchema`, line));
  }

  private schemaFaults(pointer: string, value: unknown): readonly string[] {
    const validate = this.ajv.getSchema(encodeURI(`openapi#${pointer}`)) as ValidateFunction;
    if (validate(value)) return [];
    return validate.errors!.map(({ instancePath, message, params }) =>
      [instancePath, message, JSON.stringify(params)].join(' '),
    );
  }

  /** What a JSON pointer leads to, and the pointer to it when there is a reference there. */
  private resolved<T>(pointer: string): { readonly pointer: string; readonly value: T } {
    const value = pointer
      .split('/')
      .slice(1)
      .reduce<any>((at, part) => at[part.replaceAll('~1', '/').replaceAll('~0', '~')], this.document);
    const { $ref } = value as { $ref?: string };
    return $ref === undefined ? { pointer, value } : this.resolved($ref.slice(1));
  }
}

function escaped(part: string): string {
  return part.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** The operations whose answers openapi-records.http.spec.ts asks for, all of them. */
export const recordsOfAccess: readonly string[] = ['accessesList', 'actsList'];

/** The answers that only a damaged store leads to, those of `recordsOfAccess`, and those of idempotency.http.spec.ts: a key is all that is invalid. */
export function answersSeenElsewhere(operations: readonly Operation[]): readonly string[] {
  return operations.flatMap(({ operationId, parameters, requestBody, responses }) => {
    const takesKey = parameters.some(({ name }) => name === 'Idempotency-Key');
    const saysSomething =
      parameters.some((parameter) => parameter.in === 'query') ||
      Object.keys(requestBody?.content ?? {}).includes('application/json');
    return [
      ...(/stored event .* damaged/.test(responses[409]?.description ?? '') ? [`${operationId} 409`] : []),
      ...(recordsOfAccess.includes(operationId)
        ? Object.keys(responses).map((status) => `${operationId} ${status}`)
        : []),
      ...(takesKey && !saysSomething ? [`${operationId} 422`] : []),
    ];
  });
}
