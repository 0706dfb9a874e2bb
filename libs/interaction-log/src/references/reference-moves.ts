import {
  fold,
  handle,
  modelId,
  streamOf,
  uuid5,
  type Commit,
  type EventStore,
  type Job,
  type JobQueue,
  type Meta,
  type ReadModels,
} from '@readership/kernel';
import { interaction, type AttributeInteraction } from '../interaction.decider.js';
import { misplaced, type Cause, type Items, type Misplaced, type Move } from './misplaced.js';
import { referenced, type ReferencedRow } from './referenced.projection.js';
import { references, type ReferenceRow } from './references.projection.js';

const namespace = '6f2c1a52-7c0f-4b8e-9d7e-2a1f0c5b9e43';
/** The most interactions that are checked, or moved, at once. */
const atOnceMax = 500;

/** One step of the moves of a reference: the interactions after a cursor. */
interface MovesStep {
  readonly reference: string;
  /** `null` means from the first. */
  readonly after: string | null;
  readonly cause: Cause;
}

/**
 * Moves interactions to whom their reference means. A reference with many interactions is moved by jobs, each of which
 * does one step and then enqueues the next. A step judges by what the reference has been told when it runs, so it never
 * acts on an older meaning than its cause's. A repeated step finds nothing left to move.
 */
export class ReferenceMoves {
  readonly queue = 'reference-moves';
  readonly movesMax: number;

  constructor(
    private readonly store: EventStore,
    private readonly models: ReadModels,
    private readonly jobs: JobQueue,
    { movesMax = atOnceMax }: { readonly movesMax?: number } = {},
  ) {
    this.movesMax = movesMax;
  }

  /** The interactions that came by a reference after a cursor, at most `movesMax`. */
  async itemsOf(reference: string, after: string | null): Promise<Items> {
    const limit = this.movesMax;
    const page = await this.models.under<ReferencedRow>(
      modelId(referenced),
      reference,
      after === null ? { limit } : { limit, after },
    );
    const items = page.rows.map(({ key, row }) => [key.slice(key.indexOf('/') + 1), row] as const);
    return { items, next: page.next };
  }

  /**
   * Leaves the interactions of a reference to a job. Repeating it for the same cause changes nothing. The job of an
   * earlier fact runs first, with all its steps.
   */
  async leaveToJob(reference: string, { id, recordedAt, traceparent }: Cause): Promise<void> {
    const cause = { id, recordedAt, ...(traceparent === undefined ? {} : { traceparent }) };
    await this.enqueue({ reference, after: null, cause });
  }

  /** Does one step. */
  async handle({ data }: Pick<Job, 'data'>): Promise<void> {
    const { reference, after, cause } = data as MovesStep;
    const row = await this.models.get<ReferenceRow>(modelId(references), reference);
    const { items, next } = await this.itemsOf(reference, after);
    await this.move([...misplaced(reference, row, items)].map((found) => ({ ...found, cause })));
    if (next !== null) await this.enqueue({ reference, after: next, cause });
  }

  async move(moves: readonly Move[]): Promise<void> {
    for (let from = 0; from < moves.length; from += atOnceMax) {
      await this.moveTogether(moves.slice(from, from + atOnceMax));
    }
  }

  private async moveTogether(moves: readonly Move[]): Promise<void> {
    const folded = await Promise.all(moves.map((move) => fold(this.store, interaction, move.interaction)));
    const told: Move[] = [];
    const commits: Commit[] = [];
    for (const [at, move] of moves.entries()) {
      const { state, version } = folded[at]!;
      const events = interaction.decide(attribute(move), state);
      if (events.length === 0) continue;
      told.push(move);
      const stream = streamOf(interaction.category, move.interaction);
      commits.push({ stream, expectedVersion: version, events, meta: metaOf(move) });
    }
    if (commits.length === 0) return;
    const appended = await this.store.appendEach(commits);
    for (const [at, { outcome }] of appended.entries()) {
      if (outcome === 'appended') continue;
      const move = told[at]!;
      await handle(this.store, interaction, move.interaction, attribute(move), metaOf(move));
    }
  }

  private async enqueue(step: MovesStep): Promise<void> {
    const { reference, after, cause } = step;
    const now = new Date().toISOString();
    await this.jobs.enqueue({
      queue: this.queue,
      id: uuid5(namespace, `${cause.id}/${reference}/${after ?? ''}`),
      data: step,
      // The job due first runs first. The clock that stamped the cause may be ahead of this one.
      runAt: cause.recordedAt < now ? cause.recordedAt : now,
    });
  }
}

function attribute({ to }: Misplaced): AttributeInteraction {
  return { type: 'AttributeInteraction', to };
}

/** With a command id derived from the cause, so that a repetition is the same command. */
function metaOf({ interaction, to, cause }: Move): Meta {
  return {
    commandId: uuid5(namespace, `${cause.id}/${interaction}/${to}`),
    at: cause.recordedAt,
    actor: 'on-reference-facts',
    causationId: cause.id,
    ...(cause.traceparent === undefined ? {} : { traceparent: cause.traceparent }),
  };
}
