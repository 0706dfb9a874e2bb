import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { ClosedBranches, Clock, Secrets, type Problem } from '@readership/host';
import {
  EventStore,
  fold,
  handleNew,
  modelId,
  ReadModels,
  Refusal,
  streamOf,
  type NewStream,
  type Outcome,
  type Marks,
  type Meta,
} from '@readership/kernel';
import { KnownBranches } from '../directory/known-branches.js';
import { interaction, type Interaction, type RecordInteraction } from '../interaction.decider.js';
import type { LinesJudge } from '../interaction-scopes.js';
import { references, resolve, type ReferenceRow } from '../references/references.projection.js';
import { sourceId } from '../sources/sources.js';
import { incoming, type Incoming } from './interaction-event.js';
import { problem } from './problems.js';

/** The outcome of one interaction. */
export type LineOutcome =
  | {
      readonly outcome: 'recorded' | 'already-recorded';
      readonly id: string;
      readonly version: number;
      readonly marks: Marks;
    }
  | { readonly outcome: 'refused'; readonly id?: string; readonly problems: readonly Problem[] };

/** A line that is read, looked up and decided; it only has to be appended. */
type Line = NewStream<RecordInteraction>;
type Prepared = Line | readonly Problem[];

/** Records one request, chunk by chunk. A chunk may be prepared while the one before is appended. */
export interface Recording {
  read(sent: unknown): Incoming | readonly Problem[];
  prepare(chunk: readonly (Incoming | readonly Problem[])[]): Promise<readonly Prepared[]>;
  append(prepared: readonly Prepared[]): Promise<readonly LineOutcome[]>;
}

@Injectable()
export class Recorder {
  constructor(
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(ReadModels) private readonly models: ReadModels,
    @Inject(KnownBranches) private readonly branches: KnownBranches,
    @Inject(ClosedBranches) private readonly closed: ClosedBranches,
    @Inject(Secrets) private readonly secrets: Secrets,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /**
   * `judge` says which lines are out of scope for their sender; `null` when nobody is limited. With `dryRun`
   * nothing is appended, and the outcomes are those that recording would have now.
   */
  begin(
    meta: Meta,
    judge: LinesJudge | null,
    { dryRun = false }: { readonly dryRun?: boolean } = {},
  ): Recording {
    const decidedBefore = new Map<string, { readonly state: Interaction; readonly version: number }>();
    const nowMs = this.clock.now().getTime();
    const unknownBranches = this.branches.unknown();
    // One request mostly has one source.
    const sourceIds = new Map<string, string>();
    const idOf = (source: string): string => {
      let id = sourceIds.get(source);
      if (id === undefined) sourceIds.set(source, (id = sourceId(source)));
      return id;
    };
    return {
      read: (sent) => incoming(sent, nowMs, this.secrets.cardKey),
      prepare: async (chunk) => {
        const branches = new Set<string>();
        const sought = new Set<string>();
        for (const line of chunk) {
          if (isProblems(line)) continue;
          branches.add(line.now.branch);
          if (line.reference !== null) sought.add(line.reference);
        }
        const unknown = await unknownBranches(branches);
        for (const branch of unknown) branches.delete(branch);
        const outside = (await judge?.(branches)) ?? null;
        const closings = await this.closed.of(branches);
        const rows = await this.referenceRows([...sought]);
        return chunk.map((line) => {
          if (isProblems(line)) return line;
          if (unknown.has(line.now.branch)) return [problem('UNKNOWN_BRANCH', '/data/branch')];
          const problemOfScope = outside?.(line.now.branch, line.source) ?? null;
          if (problemOfScope !== null) return [problemOfScope];
          const lastDay = closings.beforeInstant(line.now.branch, line.now.time);
          const command = commandOf(line, idOf(line.source), rows);
          return { id: line.id, command: lastDay === undefined ? command : { ...command, lastDay } };
        });
      },
      append: (prepared) => (dryRun ? this.decide(prepared, decidedBefore) : this.append(prepared, meta)),
    };
  }

  private async referenceRows(sought: readonly string[]): Promise<ReadonlyMap<string, ReferenceRow>> {
    return sought.length === 0 ? new Map() : this.models.getMany<ReferenceRow>(modelId(references), sought);
  }

  /** Decides each line after the lines before it, and appends nothing. */
  private async decide(
    prepared: readonly Prepared[],
    before: Map<string, { readonly state: Interaction; readonly version: number }>,
  ): Promise<readonly LineOutcome[]> {
    const outcomes: LineOutcome[] = [];
    for (const line of prepared) {
      if (isProblems(line)) {
        outcomes.push({ outcome: 'refused', problems: line });
        continue;
      }
      const { id, command } = line;
      const { state, version } = before.get(id) ?? (await fold(this.store, interaction, id));
      try {
        const events = interaction.decide(command, state);
        before.set(id, { state: events.reduce(interaction.evolve, state), version: version + events.length });
        const outcome = events.length === 0 ? 'already-recorded' : 'recorded';
        outcomes.push({ outcome, id, version: version + events.length, marks: {} });
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        outcomes.push(recordedAs({ outcome: 'refused', id, refusal: error }));
      }
    }
    return outcomes;
  }

  private async append(prepared: readonly Prepared[], meta: Meta): Promise<readonly LineOutcome[]> {
    const lines: Line[] = [];
    for (const line of prepared) if (!isProblems(line)) lines.push(line);
    const begun = await handleNew(this.store, interaction, lines, meta, randomUUID);
    const recorded: LineOutcome[] = [];
    let at = 0;
    for (const line of prepared) {
      recorded.push(isProblems(line) ? { outcome: 'refused', problems: line } : recordedAs(begun[at++]!));
    }
    return recorded;
  }
}

function recordedAs(begun: Outcome): LineOutcome {
  if (begun.outcome !== 'refused') return begun;
  const { code, detail, pointer } = begun.refusal;
  const problem = { code, detail, ...(pointer === undefined ? {} : { pointer }) };
  return { outcome: 'refused', id: begun.id, problems: [problem] };
}

export function isProblems<T>(line: T | readonly Problem[]): line is readonly Problem[] {
  return Array.isArray(line);
}

function commandOf(
  line: Incoming,
  source: string,
  rows: ReadonlyMap<string, ReferenceRow>,
): RecordInteraction {
  const { id, reference, now, digest, details } = line;
  return {
    type: 'RecordInteraction',
    reference,
    holder:
      reference === null
        ? streamOf(interaction.category, id)
        : (resolve(reference, now.time, rows.get(reference)) ?? reference),
    now,
    digest,
    source,
    ...(details === undefined ? {} : { details }),
  };
}
