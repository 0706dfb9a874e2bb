import {
  fold,
  handle,
  modelId,
  streamOf,
  uuid5,
  type Commit,
  type EventStore,
  type Meta,
  type Reaction,
  type ReadModels,
} from '@readership/kernel';
import { interaction, type AttributeInteraction } from '../interaction.decider.js';
import { heardOf, misplaced, type ReferenceEvent } from './misplaced.js';
import { referenced, type ReferencedRow } from './referenced.projection.js';
import { references, type ReferenceRow } from './references.projection.js';

const namespace = '6f2c1a52-7c0f-4b8e-9d7e-2a1f0c5b9e43';
const pageSizeMax = 500;

/** An interaction that its reference resolves to somebody else. */
interface Misplaced {
  readonly interaction: string;
  readonly to: string;
  readonly cause: ReferenceEvent;
}

/**
 * Moves what is misplaced. It judges by what the reference was told, which may be out of date; the interaction's own stream
 * decides, and every move comes back here as `Referenced`, so that a wrong one is put right by the next fact seen.
 */
export class OnReferenceFacts implements Reaction<ReferenceEvent> {
  readonly name = 'on-reference-facts';
  readonly on = [
    'CardLinked',
    'CardUnlinked',
    'PersonRedirected',
    'Referenced',
    'InteractionRecorded',
  ] as const;

  constructor(
    private readonly store: EventStore,
    private readonly models: ReadModels,
  ) {}

  async react(events: readonly ReferenceEvent[]): Promise<void> {
    const heard = heardOf(events);
    if (heard.size === 0) return;
    const rows = await this.models.getMany<ReferenceRow>(modelId(references), [...heard.keys()]);
    let moves: Misplaced[] = [];
    for (const [reference, { cause, meaning, items }] of heard) {
      const row = rows.get(reference);
      for await (const page of meaning ? this.itemsOf(reference) : [items]) {
        for (const found of misplaced(reference, row, page)) moves.push({ ...found, cause });
        if (moves.length < pageSizeMax) continue;
        await this.move(moves);
        moves = [];
      }
    }
    await this.move(moves);
  }

  private async *itemsOf(reference: string): AsyncGenerator<(readonly [string, ReferencedRow])[]> {
    let after: string | null = '';
    while (after !== null) {
      const page: Awaited<ReturnType<typeof this.models.under<ReferencedRow>>> =
        await this.models.under<ReferencedRow>(modelId(referenced), reference, {
          limit: pageSizeMax,
          ...(after === '' ? {} : { after }),
        });
      yield page.rows.map(({ key, row }) => [key.slice(key.indexOf('/') + 1), row] as const);
      after = page.next;
    }
  }

  private async move(moves: readonly Misplaced[]): Promise<void> {
    for (let from = 0; from < moves.length; from += pageSizeMax) {
      const part = moves.slice(from, from + pageSizeMax);
      const folded = await Promise.all(part.map((move) => fold(this.store, interaction, move.interaction)));
      const told: Misplaced[] = [];
      const commits: Commit[] = [];
      for (const [at, move] of part.entries()) {
        const { state, version } = folded[at]!;
        const events = interaction.decide(attribute(move), state);
        if (events.length === 0) continue;
        told.push(move);
        const stream = streamOf(interaction.category, move.interaction);
        commits.push({ stream, expectedVersion: version, events, meta: metaOf(move) });
      }
      if (commits.length === 0) continue;
      const appended = await this.store.appendEach(commits);
      for (const [at, { outcome }] of appended.entries()) {
        if (outcome === 'appended') continue;
        const move = told[at]!;
        await handle(this.store, interaction, move.interaction, attribute(move), metaOf(move));
      }
    }
  }
}

function attribute({ to }: Misplaced): AttributeInteraction {
  return { type: 'AttributeInteraction', to };
}

/** Recorded as of its cause, under an id derived from it: taken again, it is the same command. */
function metaOf({ interaction, to, cause }: Misplaced): Meta {
  return {
    commandId: uuid5(namespace, `${cause.id}/${interaction}/${to}`),
    at: cause.recordedAt,
    actor: 'on-reference-facts',
    causationId: cause.id,
    ...(cause.traceparent === undefined ? {} : { traceparent: cause.traceparent }),
  };
}
