import { Inject, Injectable } from '@nestjs/common';
import { foldedName } from '@readership/contracts';
import { listLimit, Lists } from '@readership/host';
import { modelId, Refusal, type Meta } from '@readership/kernel';
import { Cards } from '../cards/cards.js';
import { digits, foldedEmail, patronSearch } from './patron-search.projection.js';

/** The query of `GET /v1/patrons`. Values may be anything. */
export type PatronQuery = Readonly<Record<string, unknown>>;

export interface PatronsFound {
  readonly ids: readonly string[];
  readonly how: 'card' | 'email' | 'phone' | 'name';
  readonly nextCursor: string | null;
}

const fields = ['card', 'email', 'phone', 'name'] as const;
const searchLengthMax = 400;
const model = modelId(patronSearch);

/** Finds the ids of patrons, open and closed. */
@Injectable()
export class PatronSearch {
  constructor(
    @Inject(Cards) private readonly cards: Cards,
    @Inject(Lists) private readonly lists: Lists,
  ) {}

  /** Finds by exactly one field. Throws `BAD_QUERY`, `BAD_LIMIT`, `BAD_CURSOR`, `NOT_YET_APPLIED`. */
  async find(query: PatronQuery, meta: Meta): Promise<PatronsFound> {
    const given = fields.filter((field) => query[field] !== undefined);
    const [how] = given;
    if (how === undefined || given.length > 1) {
      throw badQuery('Search by one of card, email, phone or name.');
    }
    const text = textOf(query, how)!;
    const asked = {
      limit: textOf(query, 'limit'),
      cursor: textOf(query, 'cursor'),
      after: textOf(query, 'after'),
    };
    if (how === 'card') {
      listLimit(asked.limit);
      const holder = await this.cards.holder(this.cards.tokenOf(text), meta);
      return { ids: holder === null ? [] : [holder], how, nextCursor: null };
    }
    const folded = { email: foldedEmail, phone: digits, name: foldedName }[how](text);
    if (folded === '') throw badQuery('Give a text to search for.');
    const by = how === 'name' ? { index: how, prefix: folded } : { index: how, value: folded };
    const { items, nextCursor } = await this.lists.keyed({ model: { own: model }, by }, asked);
    return { ids: items.map(({ key }) => key), how, nextCursor };
  }
}

function textOf(query: PatronQuery, field: string): string | undefined {
  const value = query[field];
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value.length > searchLengthMax)
    throw badQuery(`Give ${field} once, with at most ${searchLengthMax} characters.`);
  return value;
}

function badQuery(detail: string): Refusal {
  return new Refusal('BAD_QUERY', 'invalid', detail);
}
