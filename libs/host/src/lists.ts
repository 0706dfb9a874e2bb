import { applyDecorators, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';
import { decrypt, encrypt, Refusal, type IndexValues, type Page, type ReadModels } from '@readership/kernel';
import type { FastifyRequest } from 'fastify';
import { nameSearch } from './name-search.js';
import { ownWriteOf } from './own-writes.js';
import type { AppliedWait } from './positions.js';
import { derivedKey, type Secrets } from './secrets.js';

const listWaitsFor =
  'A Readership-Position to wait for. Without it, the list waits up to a second for what the same credential wrote last through this replica.';
const limitDefault = 50;
const limitMax = 200;

/** The most rows that are read for one page of a list that leaves rows out. */
const rowsMax = 2000;
const rowsAtOnce = 500;

/** After every text of printable ASCII, and after a text that is followed by some. */
export const afterAscii = '\u007f';

/** Parses `?limit=` of a list: 1–200, 50 by default. Throws `BAD_LIMIT`. */
export function listLimit(raw: string | undefined): number {
  if (raw === undefined) return limitDefault;
  const limit = /^\d{1,3}$/.test(raw) ? Number(raw) : 0;
  if (limit < 1 || limit > limitMax) throw new Refusal('BAD_LIMIT', 'invalid', 'Give a limit from 1 to 200.');
  return limit;
}

/**
 * Opaque positions in a list. They are encrypted, because a position may be a name. A cursor that is not of this
 * deployment, or that belongs to another query, is refused with `BAD_CURSOR`.
 */
export class Cursors {
  private readonly key: Buffer;

  constructor({ linkKey }: Pick<Secrets, 'linkKey'>) {
    this.key = derivedKey(linkKey, 'cursor');
  }

  /** `query` identifies the list and its filters. It is authenticated with the position but not contained in the cursor. */
  seal(value: object, query: string): string {
    return encrypt(this.key, Buffer.from(JSON.stringify(value)), query).toString('base64url');
  }

  open<T extends object>(cursor: string, query: string): T {
    const body = decrypt(this.key, Buffer.from(cursor, 'base64url'), query);
    if (body === null) {
      throw new Refusal(
        'BAD_CURSOR',
        'invalid',
        'Send the cursor unchanged and with the query that it came from, or start without a cursor.',
      );
    }
    return JSON.parse(body.toString()) as T;
  }
}

/** The page parameters of a list as the request gave them. */
export interface ListAsked {
  readonly limit?: string | undefined;
  readonly cursor?: string | undefined;
  /** A `Readership-Position` to wait for. */
  readonly after?: string | undefined;
  /** The position of the sender's own last write. */
  readonly ownWrite?: string | undefined;
}

/** A page of a list as it is answered. */
export interface Listed<Item> {
  readonly items: readonly Item[];
  /** `null` on the last page. */
  readonly nextCursor: string | null;
}

const page = [
  ApiQuery({
    name: 'limit',
    required: false,
    schema: { type: 'integer', minimum: 1, maximum: limitMax, default: limitDefault },
  }),
  ApiQuery({
    name: 'cursor',
    required: false,
    schema: { type: 'string' },
    description: 'The nextCursor of the previous page',
  }),
];

/** Describes `limit` and `cursor` of a list that cannot wait for a write. */
export const PageQuery = (): MethodDecorator => applyDecorators(...page);

/** Describes `after`, with which a read waits for a write. */
export const AfterQuery = (): MethodDecorator => waitsFor('A Readership-Position to wait for');

const waitsFor = (description: string): MethodDecorator =>
  ApiQuery({ name: 'after', required: false, schema: { type: 'string' }, description });

/** Describes `branch` of a list that `Scopes.expectList` guards. */
export const BranchQuery = (): MethodDecorator =>
  ApiQuery({
    name: 'branch',
    required: false,
    description: 'Required of a credential that does not reach the consortium',
  });

/** Injects `limit`, `cursor` and `after` of a list, and describes them in the OpenAPI document. */
export const ListQuery: () => ParameterDecorator = createParamDecorator(
  (_: unknown, context: ExecutionContext): ListAsked => {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { limit, cursor, after } = request.query as ListAsked;
    return { limit, cursor, after, ownWrite: ownWriteOf(request) };
  },
  [
    (target, method) => {
      const handler = Object.getOwnPropertyDescriptor(target, method!)!;
      applyDecorators(PageQuery(), waitsFor(listWaitsFor))(target, method!, handler);
    },
  ],
);

/** Which rows a list has, and in which order. */
export interface ListOf {
  /** A model over the context's own events, or over published facts. */
  readonly model: { readonly own: string } | { readonly published: string };
  /** A declared index; the rows come in the order of its values. By default all rows come, in a stable order. */
  readonly by?: { readonly index: string } & IndexValues;
}

/** A list that leaves out rows, or answers them in another form than they are stored in. */
export interface FilteredList<Row extends object, Item> {
  /** A model over the context's own events. */
  readonly own: string;
  /** The rows with a value of this index from `from` and below `to`, in the order of the values. */
  readonly index: string;
  readonly from: string;
  readonly to: string;
  /** A row's value in the index, which no other row has. */
  readonly valueOf: (row: Row) => string;
  /** The parameters of the request. A cursor works with the same only. */
  readonly query: object;
  /** The item of each of these rows, in their order; `null` leaves the row out. */
  readonly itemsOf: (rows: readonly Row[]) => readonly (Item | null)[] | Promise<readonly (Item | null)[]>;
  /** Other models over the context's own events that `itemsOf` reads. */
  readonly others?: readonly string[];
}

/** A list of rows that are found by name. There are few enough of them to be read whole. */
export interface NamedList<Row extends object> {
  /** A model over the context's own events. */
  readonly own: string;
  /** The index by which the rows are ordered. Its values are printable ASCII. */
  readonly index: string;
  /** What is looked for, in the form of `nameSearch`; `undefined` finds all. */
  readonly q: string | undefined;
  /** By what a row is found. The first is its value in the index, which no other row has. */
  readonly namesOf: (row: Row) => readonly [string, ...string[]];
  /** What the rows have besides. Properties that are `undefined` do not count. */
  readonly where?: { readonly [K in keyof Row]?: Row[K] | undefined };
}

/** One of the parts of a list that come one after the other. */
export interface ListPart {
  /** Orders the parts, and stands in cursors. */
  readonly name: string;
  readonly by: NonNullable<ListOf['by']>;
}

/** The most parts that are read for one page. */
const partsMax = 50;

/** The lists of one context: pages of its read models. */
export class Lists {
  constructor(
    private readonly models: ReadModels,
    private readonly applied: AppliedWait,
    private readonly cursors: Cursors,
  ) {}

  /** A page of rows. Throws `BAD_LIMIT`, `BAD_CURSOR`, `BAD_POSITION`, `NOT_YET_APPLIED`. */
  async of<Row extends object>(list: ListOf, asked: ListAsked): Promise<Listed<Row>> {
    const { items, nextCursor } = await this.keyed<Row>(list, asked);
    return { items: items.map(({ row }) => row), nextCursor };
  }

  /** A page of rows with their keys. Throws like `of`. */
  async keyed<Row extends object>(
    { model, by }: ListOf,
    { limit, cursor, ...waited }: ListAsked,
  ): Promise<Listed<Page<Row>['rows'][number]>> {
    const id = 'own' in model ? model.own : model.published;
    const query = JSON.stringify([id, by ?? null]);
    const page = {
      limit: listLimit(limit),
      ...(cursor === undefined ? {} : this.cursors.open<{ after: string }>(cursor, query)),
    };
    await this.applied.until(waited, 'own' in model ? { own: [id] } : { published: [id] });
    const { rows, next } =
      by === undefined
        ? await this.models.all<Row>(id, page)
        : await this.models.find<Row>(id, by.index, by, page);
    return { items: rows, nextCursor: next === null ? null : this.cursors.seal({ after: next }, query) };
  }

  /** A page of the rows that are found by name. Throws like `filtered`, and `BAD_QUERY`. */
  async named<Row extends object>(
    { own, index, q, namesOf, where = {} }: NamedList<Row>,
    asked: ListAsked,
  ): Promise<Listed<Row>> {
    const isFound = q === undefined ? () => true : nameSearch(q);
    const wanted = Object.entries(where).filter(([, value]) => value !== undefined);
    const fits = (row: Row) =>
      wanted.every(([field, value]) => row[field as keyof Row] === value) && isFound(...namesOf(row));
    return this.filtered(
      {
        ...{ own, index, from: '', to: afterAscii, query: { q, where } },
        valueOf: (row: Row) => namesOf(row)[0],
        itemsOf: (rows) => rows.map((row) => (fits(row) ? row : null)),
      },
      asked,
    );
  }

  /**
   * A page of items of those rows that are not left out. At most 2,000 rows are read for it, so it can have fewer items
   * than the limit, and another page may still follow. Throws like `of`.
   */
  async filtered<Row extends object, Item>(
    { own, index, from, to, valueOf, query, itemsOf, others = [] }: FilteredList<Row, Item>,
    { limit, cursor, ...waited }: ListAsked,
  ): Promise<Listed<Item>> {
    const wanted = listLimit(limit);
    const bound = JSON.stringify([own, index, query]);
    let start = cursor === undefined ? from : this.cursors.open<{ from: string }>(cursor, bound).from;
    await this.applied.until(waited, { own: [own, ...others] });
    const items: Item[] = [];
    for (let read = 0; read < rowsMax;) {
      const atOnce = read === 0 ? wanted + 1 : rowsAtOnce;
      const page = await this.models.find<Row>(own, index, { from: start, to }, { limit: atOnce });
      const rows = page.rows.map(({ row }) => row);
      for (const [n, item] of (await itemsOf(rows)).entries()) {
        if (item === null) continue;
        if (items.length === wanted) return { items, nextCursor: this.cursors.seal({ from: start }, bound) };
        items.push(item);
        start = justAfter(valueOf(rows[n]!));
      }
      if (page.next === null) return { items, nextCursor: null };
      read += rows.length;
      start = justAfter(valueOf(rows.at(-1)!));
    }
    return { items, nextCursor: this.cursors.seal({ from: start }, bound) };
  }

  /**
   * A page of rows of several parts of a model, in the order of their names, with the keys of the rows. `query` says what
   * is asked for besides the parts, which may be others on the next page. A page that has read many parts may have fewer
   * rows than `limit`, and yet not be the last. Throws like `of`.
   */
  async inTurn<Row extends object>(
    model: ListOf['model'],
    { query, parts }: { readonly query: string; readonly parts: readonly ListPart[] },
    { limit, cursor, ...waited }: ListAsked,
  ): Promise<Listed<Page<Row>['rows'][number]>> {
    const id = 'own' in model ? model.own : model.published;
    const sealedFor = JSON.stringify([id, 'in turn', query]);
    const most = listLimit(limit);
    const from =
      cursor === undefined
        ? { part: '', after: null }
        : this.cursors.open<{ part: string; after: string | null }>(cursor, sealedFor);
    await this.applied.until(waited, 'own' in model ? { own: [id] } : { published: [id] });
    const items: Page<Row>['rows'][number][] = [];
    const rest = parts
      .filter(({ name }) => name >= from.part)
      .sort((one, other) => (one.name < other.name ? -1 : 1));
    const stopAt = (part: string, place: string | null) => ({
      items,
      nextCursor: this.cursors.seal({ part, after: place }, sealedFor),
    });
    for (const [read, { name, by }] of rest.entries()) {
      if (items.length === most || read === partsMax) return stopAt(name, null);
      const page = {
        limit: most - items.length,
        ...(name === from.part && from.after !== null ? { after: from.after } : {}),
      };
      const { rows, next } = await this.models.find<Row>(id, by.index, by, page);
      items.push(...rows);
      if (next !== null) return stopAt(name, next);
    }
    return { items, nextCursor: null };
  }
}

/** No value of an index lies between a value and this. */
function justAfter(value: string): string {
  return `${value}\u0001`;
}
