import { Inject, Injectable } from '@nestjs/common';
import {
  branchScope,
  ClosedBranches,
  eventually,
  outOfScopeOnce,
  recordLines,
  Scopes,
  type Closings,
  type Judge,
  type Outcome,
  type Reach,
} from '@readership/host';
import {
  digest,
  EventStore,
  foldFor,
  handle,
  modelId,
  ReadModels,
  Refusal,
  streamOf,
  uuid5,
  type Commit,
  type Handled,
  type Marks,
  type Meta,
  type Page,
} from '@readership/kernel';
import { ScopeDirectory } from '../directory/directory.js';
import { foldedCategory } from './category.js';
import { problemOf, type Line } from './cost-statements.js';
import { cost, type Cost, type CostState, type StateCost } from './cost.decider.js';
import type { CostEvent } from './cost.events.js';
import { costs } from './costs.projection.js';

/** What this context knows of the consortium and of whoever states costs, as far as costs depend on it. */
interface Known {
  readonly branches: ReadonlySet<string>;
  readonly currency: string;
  readonly closings: Closings;
  readonly isWithin: Judge;
  /** The refusal of a branch that is not within. */
  readonly beyond: () => Refusal;
}

const pageSize = 1000;

/** States one cost or many at once. */
@Injectable()
export class StateCosts {
  constructor(
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(ReadModels) private readonly models: ReadModels,
    @Inject(ScopeDirectory) private readonly directory: ScopeDirectory,
    @Inject(ClosedBranches) private readonly closed: ClosedBranches,
  ) {}

  /** Resolves to the cost's id, too. Throws `UNKNOWN_BRANCH`, `OUT_OF_SCOPE`, `OTHER_CURRENCY`, `BRANCH_CLOSED`. */
  async one(
    stated: Cost,
    meta: Meta,
    reaches: readonly Reach[],
  ): Promise<Handled<CostState, CostEvent> & { readonly id: string }> {
    const known = await this.knownOf([stated], reaches);
    const refusal = refusalOf(stated, known);
    if (refusal !== null) throw refusal;
    const id = await this.idOf(stated, new Map());
    return { id, ...(await handle(this.store, cost, id, commandOf(stated, known), meta)) };
  }

  /** States many costs. Resolves to one line of outcome for each, in order. */
  async many(
    lines: readonly Line[],
    meta: Meta,
    reaches: readonly Reach[],
  ): Promise<{ readonly ndjson: string; readonly marks: Marks }> {
    const stated = lines.flatMap(({ parsed }) => ('cost' in parsed ? [parsed.cost] : []));
    const known = await this.knownOf(stated, reaches);
    const older = new Map<string, ReadonlyMap<string, string>>();
    return recordLines(lines, (chunk) => this.write(chunk, known, older, meta));
  }

  /** Decides each line after the lines before it, and appends them together. */
  private async write(
    lines: readonly Line[],
    known: Known,
    older: Map<string, ReadonlyMap<string, string>>,
    meta: Meta,
  ) {
    const folded = new Map<string, { state: CostState; version: number }>();
    const commits: {
      readonly commit: Commit;
      readonly at: number;
      readonly command: StateCost;
      readonly id: string;
    }[] = [];
    const outcomes: Outcome[] = [];
    const marks: Marks[] = [];
    for (const [at, { line, parsed }] of lines.entries()) {
      if ('problem' in parsed) {
        outcomes.push({ outcome: 'refused', ...parsed.problem });
        continue;
      }
      const refusal = refusalOf(parsed.cost, known);
      if (refusal !== null) {
        outcomes.push({ outcome: 'refused', ...problemOf(refusal) });
        continue;
      }
      const id = await this.idOf(parsed.cost, older);
      const commandId = uuid5(meta.commandId, String(line));
      const { earlier, ...read } = await foldFor(this.store, cost, id, commandId);
      if (earlier !== null) {
        // The same request has stated it, and somebody may have stated it otherwise since.
        outcomes.push({ outcome: 'already-recorded', id });
        marks.push(earlier.marks);
        continue;
      }
      const { state, version } = folded.get(id) ?? read;
      const command = commandOf(parsed.cost, known);
      let events: readonly CostEvent[];
      try {
        events = cost.decide(command, state);
      } catch (error) {
        outcomes.push({ outcome: 'refused', ...problemOf(error) });
        continue;
      }
      folded.set(id, { state: events.reduce(cost.evolve, state), version: version + events.length });
      outcomes.push({ outcome: events.length === 0 ? 'already-recorded' : 'recorded', id });
      if (events.length === 0) continue;
      const commit = {
        stream: streamOf(cost.category, id),
        expectedVersion: version,
        events,
        meta: { ...meta, commandId },
      };
      commits.push({ commit, at, command, id });
    }
    const appended = await this.store.appendEach(commits.map(({ commit }) => commit));
    for (const [i, { commit, at, command, id }] of commits.entries()) {
      const result = appended[i]!;
      if (result.outcome === 'appended') {
        marks.push(result.marks);
        continue;
      }
      // Somebody stated the same cost meanwhile, so this line is decided again on the current state.
      const again = await handle(this.store, cost, id, command, commit.meta);
      marks.push(again.marks);
      if (again.events.length === 0) outcomes[at] = { outcome: 'already-recorded', id };
    }
    return { outcomes, marks };
  }

  /** Waits up to the directory's time limit until all of these branches and currencies are known. */
  private async knownOf(stated: readonly Cost[], reaches: readonly Reach[]): Promise<Known> {
    const scopes = new Set(stated.map(({ branch }) => branchScope(branch)));
    const beyond = outOfScopeOnce(reaches);
    const closings = await this.closed.of(stated.map(({ branch }) => branch));
    const look = async (): Promise<Known> => {
      const directory = await this.directory.read();
      const { branchIds, settings } = directory;
      const isWithin = await new Scopes(directory).judge(reaches, scopes);
      return { branches: branchIds, currency: settings.currency, closings, isWithin, beyond };
    };
    let known = await look();
    await eventually(async () => {
      if (stated.every((each) => !mayBecomeKnown(refusalOf(each, known)))) return true;
      known = await look();
      return null;
    });
    return known;
  }

  /**
   * The stream of a cost: named after the folded category, or, when it was stated before categories were folded, after
   * the spelling of that time. `older` holds those by branch for the course of one request.
   */
  private async idOf(stated: Cost, older: Map<string, ReadonlyMap<string, string>>): Promise<string> {
    let ofBranch = older.get(stated.branch);
    if (ofBranch === undefined) older.set(stated.branch, (ofBranch = await this.olderIds(stated.branch)));
    const id = foldedId(stated);
    return ofBranch.get(id) ?? id;
  }

  /** The ids of costs of a branch that are named after another spelling of their category, by their folded id. */
  private async olderIds(branch: string): Promise<ReadonlyMap<string, string>> {
    const ids = new Map<string, string>();
    const folded = new Set<string>();
    let after: string | null = null;
    do {
      const page: Page<Cost> = await this.models.find<Cost>(
        modelId(costs),
        'branch',
        { value: branch },
        { limit: pageSize, ...(after === null ? {} : { after }) },
      );
      for (const { key, row } of page.rows) {
        const id = key.slice(`${cost.category}-`.length);
        if (id === foldedId(row)) folded.add(id);
        else ids.set(foldedId(row), id);
      }
      after = page.next;
    } while (after !== null);
    for (const id of folded) ids.delete(id);
    return ids;
  }
}

function foldedId({ branch, month, category }: Cost): string {
  return `${branch}-${month}-${digest(foldedCategory(category))}`;
}

/** A month that has begun by the last day of a branch still has costs. */
function commandOf(stated: Cost, { closings }: Known): StateCost {
  const lastDay = closings.before(stated.branch, `${stated.month}-01`);
  return { type: 'StateCost', cost: stated, ...(lastDay === undefined ? {} : { lastDay }) };
}

function mayBecomeKnown(refusal: Refusal | null): boolean {
  return refusal !== null && refusal.kind !== 'forbidden';
}

function refusalOf({ branch, amount }: Cost, known: Known): Refusal | null {
  if (!known.branches.has(branch)) {
    return new Refusal('UNKNOWN_BRANCH', 'invalid', 'Give the id of a branch that exists.', '/branch');
  }
  if (!known.isWithin(branchScope(branch))) return known.beyond();
  if (amount.currency !== known.currency) {
    const detail = `Give the amount in ${known.currency}, the currency of the consortium.`;
    return new Refusal('OTHER_CURRENCY', 'invalid', detail, '/amount/currency');
  }
  return null;
}
