import type { FastifyInstance, FastifyRequest } from 'fastify';
import findMyWay, { type HTTPMethod } from 'find-my-way';
import { HttpProblem, Unreadable } from './http-problem.js';
import type { OpenApi } from './openapi.js';
import { isForPrograms } from './request.js';
import { describedRoute, routeName, type Route } from './routes.js';

/** What the edge knows of the routes before a request reaches its handler. */
export class KnownRoutes {
  /** Only tells whether a path exists under a method. */
  private readonly paths = findMyWay({ maxParamLength: 1000 });
  private readonly methods = new Set<HTTPMethod>();
  /** The methods of each path as it is declared. */
  private readonly methodsOf = new Map<string, Set<HTTPMethod>>();
  private byName: ReadonlyMap<string, Route> = new Map();
  /** The query parameters of a route, as the OpenAPI document describes them. */
  private parameters: ReadonlyMap<string, readonly string[]> | undefined;

  constructor(private readonly openApi: OpenApi) {}

  observe(server: FastifyInstance): void {
    server.addHook('onRoute', ({ method, url }) => {
      for (const each of [method].flat() as HTTPMethod[]) {
        this.methods.add(each);
        this.methodsOf.set(url, (this.methodsOf.get(url) ?? new Set()).add(each));
        if (!this.paths.hasRoute(each, url)) this.paths.on(each, url, () => undefined);
      }
    });
  }

  declare(routes: readonly Route[]): void {
    this.byName = new Map(routes.map((route) => [routeName(route.method, route.path), route]));
  }

  /** The route of a request; `undefined` when no controller declares it. Throws 404, or 405 with `Allow`. */
  of(request: FastifyRequest): Route | undefined {
    const path = request.url.split('?', 1)[0]!;
    // `GET /v1/patrons/batch` does not read a patron of this name.
    const plain = this.methodsOf.get(path);
    if (plain !== undefined && !plain.has(request.method as HTTPMethod)) throw notAllowed([...plain]);
    if (!request.is404) return this.byName.get(routeName(methodOf(request), request.routeOptions.url ?? ''));
    const allowed = [...this.methods].filter((method) => this.paths.find(method, path) !== null);
    if (allowed.length === 0)
      throw new HttpProblem(404, 'NOT_FOUND', 'There is nothing at this address: /docs lists the addresses.');
    throw notAllowed(allowed);
  }

  /**
   * Checks the names of the query parameters under `/v1`. Throws `REPEATED_PARAMETER`, and `UNKNOWN_PARAMETER` with the
   * nearest known name.
   */
  checkQuery(request: FastifyRequest, route: Route): void {
    const query = Object.entries((request.query ?? {}) as Record<string, unknown>);
    // Pages for people ignore what they do not know.
    if (query.length === 0 || !isForPrograms(request)) return;
    this.parameters ??= parametersOf(this.openApi);
    const known = this.parameters.get(routeName(route.method, route.path)) ?? [];
    for (const [name, value] of query) {
      if (!known.includes(name)) throw new Unreadable('UNKNOWN_PARAMETER', unknownParameter(name, known));
      if (typeof value !== 'string') {
        throw new Unreadable('REPEATED_PARAMETER', 'Give each query parameter once.');
      }
    }
  }
}

function notAllowed(allowed: readonly HTTPMethod[]): HttpProblem {
  return new HttpProblem(405, 'METHOD_NOT_ALLOWED', 'This resource does not support this method.', {
    headers: { allow: [...allowed].sort().join(', ') },
  });
}

function methodOf({ method }: FastifyRequest): string {
  return method === 'HEAD' ? 'GET' : method;
}

function parametersOf({ document }: OpenApi): ReadonlyMap<string, readonly string[]> {
  const all = new Map<string, readonly string[]>();
  for (const [path, item] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(item as Record<string, unknown>)) {
      const { parameters = [] } = operation as {
        readonly parameters?: readonly { readonly in: string; readonly name: string }[];
      };
      all.set(
        describedRoute(method, path),
        parameters.filter((each) => each.in === 'query').map((each) => each.name),
      );
    }
  }
  return all;
}

/** Names what is known here, not what was sent. */
function unknownParameter(sent: string, known: readonly string[]): string {
  if (known.length === 0) return 'This address takes no query parameters: leave them out.';
  const [nearest] = [...known].sort((a, b) => distance(sent, a) - distance(sent, b));
  const others = known.length === 1 ? '' : ` This address takes ${known.join(', ')}.`;
  return `There is no such query parameter here: did you mean ${nearest}?${others}`;
}

/** The least number of letters to insert, delete or replace (Levenshtein). Of long names only the beginning counts. */
function distance(a: string, b: string): number {
  const sent = a.slice(0, 64).toLowerCase();
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (const [i, letter] of [...sent].entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const replaced = row[j]! + (letter === b[j]!.toLowerCase() ? 0 : 1);
      next.push(Math.min(replaced, row[j + 1]! + 1, next[j]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
