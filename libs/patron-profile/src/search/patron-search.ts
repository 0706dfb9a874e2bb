import { Inject, Injectable } from '@nestjs/common';
import { foldedName } from '@readership/contracts';
import { listLimit, Lists, type ListAsked, type Reach } from '@readership/host';
import { modelId, ReadModels, Refusal, type Meta, type Page } from '@readership/kernel';
import { Cards } from '../cards/cards.js';
import type { BranchDetails } from '../directory/branch.decider.js';
import { ConsortiumDirectory } from '../directory/directory.js';
import { branches } from '../directory/directory.projection.js';
import { at, digits, foldedEmail, patronSearch } from './patron-search.projection.js';

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
const branchesModel = modelId(branches);
const branchesPageSize = 1000;

/** Finds the ids of patrons, open and closed. */
@Injectable()
export class PatronSearch {
  constructor(
    @Inject(Cards) private readonly cards: Cards,
    @Inject(Lists) private readonly lists: Lists,
    @Inject(ConsortiumDirectory) private readonly directory: ConsortiumDirectory,
    @Inject(ReadModels) private readonly models: ReadModels,
  ) {}

  /**
   * Finds by exactly one field. By card it finds everybody; by another field, when the consortium has it so, only those at
   * home in the libraries of the sender, branch by branch, and nothing tells how many others there are. Throws `BAD_QUERY`,
   * `BAD_LIMIT`, `BAD_CURSOR`, `NOT_YET_APPLIED`.
   */
  async find(
    query: PatronQuery,
    asked: ListAsked,
    reaches: readonly Reach[],
    meta: Meta,
  ): Promise<PatronsFound> {
    const given = fields.filter((field) => query[field] !== undefined);
    const [how] = given;
    if (how === undefined || given.length > 1) {
      throw badQuery('Search by one of card, email, phone or name.');
    }
    const text = textOf(query, how)!;
    if (how === 'card') {
      listLimit(asked.limit);
      const holder = await this.cards.holder(this.cards.tokenOf(text), meta);
      return { ids: holder === null ? [] : [holder], how, nextCursor: null };
    }
    const folded = { email: foldedEmail, phone: digits, name: foldedName }[how](text);
    if (folded === '') throw badQuery('Give a text to search for.');
    const homes = await this.homesOf(reaches);
    const by = (index: string, value: string) =>
      how === 'name' ? { index, prefix: value } : { index, value };
    const { items, nextCursor } = await (homes === 'everywhere'
      ? this.lists.keyed({ model: { own: model }, by: by(how, folded) }, asked)
      : this.lists.inTurn(
          { own: model },
          {
            query: JSON.stringify([how, folded]),
            parts: homes.map((home) => ({ name: home, by: by(`${how}-at`, at(home, folded)) })),
          },
          asked,
        ));
    return { ids: items.map(({ key }) => key), how, nextCursor };
  }

  /** The branches where the sender finds patrons: all of each library in which one of the grants is. */
  private async homesOf(reaches: readonly Reach[]): Promise<'everywhere' | readonly string[]> {
    if ((await this.directory.patronLookup()) === 'consortium') return 'everywhere';
    const scopes = reaches.flatMap(({ grant }) => grant.scopes);
    if (scopes.includes('consortium')) return 'everywhere';
    const named = (kind: string) =>
      scopes.flatMap((scope) => (scope.startsWith(kind) ? [scope.slice(kind.length)] : []));
    const ofBranches = await this.directory.librariesOf(named('branch:'));
    const homes: string[] = [];
    for (const library of new Set([...named('library:'), ...ofBranches.values()])) {
      for (let after: string | null = ''; after !== null;) {
        const by = { value: library };
        const page: Page<BranchDetails> = await this.models.find(branchesModel, 'library', by, {
          limit: branchesPageSize,
          ...(after === '' ? {} : { after }),
        });
        homes.push(...page.rows.map(({ row }) => row.id));
        after = page.next;
      }
    }
    return homes;
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
