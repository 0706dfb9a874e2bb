import { Inject, Injectable } from '@nestjs/common';
import type { InteractionKind } from '@readership/contracts';
import {
  AppliedWait,
  branchScope,
  Cursors,
  listLimit,
  Scopes,
  type ListAsked,
  type Listed,
  type Reach,
} from '@readership/host';
import { EventStore, fold, modelId, ReadModels, Refusal, unlessDamaged } from '@readership/kernel';
import { interaction } from '../interaction.decider.js';
import { viewOf, type InteractionView } from '../interaction-view.js';
import { patronIdPattern } from '../patron-id.js';
import { heldAt, referenced, type ReferencedRow } from '../references/referenced.projection.js';

const model = modelId(referenced);
/**
 * The most interactions that one page is chosen from. Hardly anybody has as many within a period, so whoever may not read
 * where they happened does not learn from a page that is followed by another that there are some.
 */
const examinedMax = 2_000;
/** What is read at once where the first read, of as many as asked for, did not find enough. */
const examinedAtOnce = 200;
/** Sorts after every time of a patron. */
const afterAll = '~';

export interface InteractionFilters {
  readonly kind?: InteractionKind | undefined;
  readonly branch?: string | undefined;
  /** Instants as they are stored: at least `from` and before `to`. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** The interactions of one patron, whatever card each came with. */
@Injectable()
export class PatronInteractions {
  constructor(
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(ReadModels) private readonly models: ReadModels,
    @Inject(AppliedWait) private readonly applied: AppliedWait,
    @Inject(Cursors) private readonly cursors: Cursors,
    @Inject(Scopes) private readonly scopes: Scopes,
  ) {}

  /**
   * A page of the interactions that happened where the request may read them, those that were withdrawn included, newest
   * first. It costs the same however many there are: a page is chosen from at most 2,000 of the period, so with a filter,
   * or for somebody of another branch, it may have fewer items than `limit`, or none, and still be followed by another.
   * A patron of whom nothing was recorded has none. Throws `BAD_LIMIT`, `PATRON_UNKNOWN`, `BAD_CURSOR`, `BAD_POSITION`,
   * `NOT_YET_APPLIED`.
   */
  async newestFirst(
    patronId: string,
    filters: InteractionFilters,
    asked: ListAsked,
    reaches: readonly Reach[],
  ): Promise<Listed<InteractionView>> {
    const limit = listLimit(asked.limit);
    if (!patronIdPattern.test(patronId)) {
      throw new Refusal('PATRON_UNKNOWN', 'unknown', 'There is no patron with this id.');
    }
    const query = JSON.stringify(['patron-interactions', patronId, filters]);
    let after =
      asked.cursor === undefined ? null : this.cursors.open<{ after: string }>(asked.cursor, query).after;
    await this.applied.until(asked, { published: [model] });
    const person = heldAt(patronId);
    const by = {
      from: filters.from === undefined ? person : heldAt(patronId, filters.from),
      to: filters.to === undefined ? `${person}${afterAll}` : heldAt(patronId, filters.to),
    };
    const items: InteractionView[] = [];
    const read = (count: number) =>
      this.models.find<ReferencedRow>(model, 'held', by, {
        ...{ limit: count, descending: true },
        ...(after === null ? {} : { after }),
      });
    // One more is looked for: that another page follows must mean that it has something to show.
    for (let examined = 0; examined < examinedMax;) {
      const atOnce = examined === 0 ? limit + 1 : Math.min(examinedAtOnce, examinedMax - examined);
      const { rows, next } = await read(atOnce);
      const ids = rows.map(({ key }) => key.slice(key.indexOf('/') + 1));
      const found = await this.shown(ids, patronId, filters, reaches);
      if (items.length + found.length > limit) {
        const last = found[limit - items.length - 1];
        if (last !== undefined) after = (await read(ids.indexOf(last.id) + 1)).next;
        items.push(...found.slice(0, limit - items.length));
        break;
      }
      items.push(...found);
      after = next;
      if (after === null) break;
      examined += rows.length;
    }
    return { items, nextCursor: after === null ? null : this.cursors.seal({ after }, query) };
  }

  /** Those of these interactions that pass the filters, that the patron holds now, and that the request may read. */
  private async shown(
    ids: readonly string[],
    patronId: string,
    { kind, branch }: InteractionFilters,
    reaches: readonly Reach[],
  ): Promise<InteractionView[]> {
    // A damaged interaction must not hide the others.
    const folded = await Promise.all(ids.map((id) => unlessDamaged(fold(this.store, interaction, id))));
    const views = folded.flatMap((one, at) =>
      one === null || one.state.status === 'unknown' ? [] : [viewOf(ids[at]!, one.state)],
    );
    const fitting = views.filter(
      (view) =>
        view.patronId === patronId &&
        (kind === undefined || view.kind === kind) &&
        (branch === undefined || view.branch === branch),
    );
    const isWithin = await this.scopes.judge(
      reaches,
      fitting.map((view) => branchScope(view.branch)),
    );
    return fitting.filter((view) => isWithin(branchScope(view.branch)));
  }
}
