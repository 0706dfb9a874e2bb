import { Inject, Injectable } from '@nestjs/common';
import { eventually, recordLines, type Outcome } from '@readership/host';
import {
  digest,
  EventStore,
  fold,
  handle,
  Refusal,
  streamOf,
  uuid5,
  type Commit,
  type Handled,
  type Marks,
  type Meta,
} from '@readership/kernel';
import { ScopeDirectory } from '../directory/directory.js';
import { problemOf, type Line } from './cost-statements.js';
import { cost, type Cost, type CostState } from './cost.decider.js';
import type { CostEvent } from './cost.events.js';

export const costId = ({ branch, month, category }: Cost): string => `${branch}-${month}-${digest(category)}`;

/** States one cost or many at once. */
@Injectable()
export class StateCosts {
  constructor(
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(ScopeDirectory) private readonly directory: ScopeDirectory,
  ) {}

  /** Throws `UNKNOWN_BRANCH`. */
  async one(stated: Cost, meta: Meta): Promise<Handled<CostState, CostEvent>> {
    const known = await this.knownOf([stated]);
    if (!known.has(stated.branch)) throw unknownBranch();
    return handle(this.store, cost, costId(stated), { type: 'StateCost', cost: stated }, meta);
  }

  /** States many costs. Resolves to one line of outcome for each, in order. */
  async many(
    lines: readonly Line[],
    meta: Meta,
  ): Promise<{ readonly ndjson: string; readonly marks: Marks }> {
    const known = await this.knownOf(lines.flatMap(({ parsed }) => ('cost' in parsed ? [parsed.cost] : [])));
    return recordLines(lines, (chunk) => this.write(chunk, known, meta));
  }

  /** Decides each line after the lines before it, and appends them together. */
  private async write(lines: readonly Line[], known: ReadonlySet<string>, meta: Meta) {
    const folded = new Map<string, { state: CostState; version: number }>();
    const commits: {
      readonly commit: Commit;
      readonly at: number;
      readonly stated: Cost;
      readonly id: string;
    }[] = [];
    const outcomes: Outcome[] = [];
    for (const [at, { line, parsed }] of lines.entries()) {
      if ('problem' in parsed) {
        outcomes.push({ outcome: 'refused', ...parsed.problem });
        continue;
      }
      if (!known.has(parsed.cost.branch)) {
        outcomes.push({ outcome: 'refused', ...problemOf(unknownBranch()) });
        continue;
      }
      const id = costId(parsed.cost);
      const { state, version } = folded.get(id) ?? (await fold(this.store, cost, id));
      const events = cost.decide({ type: 'StateCost', cost: parsed.cost }, state);
      folded.set(id, { state: events.reduce(cost.evolve, state), version: version + events.length });
      outcomes.push({ outcome: events.length === 0 ? 'already-recorded' : 'recorded', id });
      if (events.length === 0) continue;
      const commit = {
        stream: streamOf(cost.category, id),
        expectedVersion: version,
        events,
        meta: { ...meta, commandId: uuid5(meta.commandId, String(line)) },
      };
      commits.push({ commit, at, stated: parsed.cost, id });
    }
    const appended = await this.store.appendEach(commits.map(({ commit }) => commit));
    const marks: Marks[] = [];
    for (const [i, { commit, at, stated, id }] of commits.entries()) {
      const result = appended[i]!;
      if (result.outcome === 'appended') {
        marks.push(result.marks);
        continue;
      }
      // Somebody stated the same cost meanwhile, so this line is decided again on the current state.
      const again = await handle(this.store, cost, id, { type: 'StateCost', cost: stated }, commit.meta);
      marks.push(again.marks);
      if (again.events.length === 0) outcomes[at] = { outcome: 'already-recorded', id };
    }
    return { outcomes, marks };
  }

  /** The known branches. Waits up to the directory's time limit until all of these are known. */
  private async knownOf(stated: readonly Cost[]): Promise<ReadonlySet<string>> {
    let known: ReadonlySet<string> = new Set();
    await eventually(async () => {
      known = await this.directory.branchIds();
      return stated.every(({ branch }) => known.has(branch)) ? true : null;
    });
    return known;
  }
}

function unknownBranch(): Refusal {
  return new Refusal('UNKNOWN_BRANCH', 'invalid', 'Give the id of a branch that exists.', '/branch');
}
