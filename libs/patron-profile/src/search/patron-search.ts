import { Inject, Injectable } from '@nestjs/common';
import { AppliedWait, Cursors, listLimit } from '@readership/host';
import { modelId, ReadModels, Refusal, type Meta } from '@readership/kernel';
import { Cards } from '../cards/cards.js';
import { digits, foldedEmail, patronSearch } from './patron-search.projection.js';
import { foldedName } from './folded-name.js';

/** What `GET /v1/patrons` was asked; values may be anything. */
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
    @Inject(ReadModels) private readonly models: ReadModels,
    @Inject(Cards) private readonly cards: Cards,
    @Inject(AppliedWait) private readonly applied: AppliedWait,
    @Inject(Cursors) private readonly cursors: Cursors,
  ) {}

  /** By exactly one field. Throws `BAD_QUERY`, `BAD_LIMIT`, `BAD_CURSOR`, `NOT_YET_APPLIED`. */
  async find(query: PatronQuery, meta: Meta): Promise<PatronsFound> {
    const given = fields.filter((field) => query[field] !== undefined);
    const [how] = given;
    if (how === undefined || given.length > 1) {
      throw badQuery('Search by one of card, email, phone or name.');
    }
    const text = textOf(query, how)!;
    const limit = listLimit(textOf(query, 'limit'));
    if (how === 'card') {
      const holder = await this.cards.holder(this.cards.tokenOf(text), meta);
      return { ids: holder === null ? [] : [holder], how, nextCursor: null };
    }
    await this.applied.until(textOf(query, 'after'), { own: [model] });
    const cursor = textOf(query, 'cursor');
    const by = { email: foldedEmail, phone: digits, name: foldedName }[how](text);
    if (by === '') throw badQuery('Give something to search by.');
    const { rows, next } = await this.models.find(
      model,
      how,
      how === 'name' ? { prefix: by } : { value: by },
      {
        limit,
        ...(cursor === undefined ? {} : this.cursors.open<{ after: string }>(cursor)),
      },
    );
    return {
      ids: rows.map(({ key }) => key),
      how,
      nextCursor: next === null ? null : this.cursors.seal({ after: next }),
    };
  }
}

function textOf(query: PatronQuery, field: string): string | undefined {
  const value = query[field];
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value.length > searchLengthMax)
    throw badQuery(`Give ${field} once, and shorter.`);
  return value;
}

function badQuery(detail: string): Refusal {
  return new Refusal('BAD_QUERY', 'invalid', detail);
}
