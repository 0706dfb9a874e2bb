import { modelId, type Reaction, type ReadModels } from '@readership/kernel';
import { heardOf, movesOf, type Move, type ReferenceEvent } from './misplaced.js';
import type { ReferenceMoves } from './reference-moves.js';
import { references, type ReferenceRow } from './references.projection.js';

/**
 * Moves misplaced interactions. It judges by what the reference was told, which may be out of date. The interaction's
 * own stream decides, and every move comes back here as `Referenced`, so the next fact corrects a wrong move. Facts
 * about meanings move up to `movesMax` interactions together in one batch; a reference with more becomes a job
 * (docs/adr/0020).
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
    private readonly models: ReadModels,
    private readonly moves: ReferenceMoves,
  ) {}

  async react(events: readonly ReferenceEvent[]): Promise<void> {
    const heard = heardOf(events);
    if (heard.size === 0) return;
    const rows = await this.models.getMany<ReferenceRow>(modelId(references), [...heard.keys()]);
    const moves: Move[] = [];
    let left = this.moves.movesMax;
    for (const [reference, one] of heard) {
      const { cause, meaning } = one;
      const firstItems = meaning === null ? null : await this.moves.itemsOf(reference, null);
      const { found, needsJob } = movesOf(reference, one, rows.get(reference), firstItems, left);
      for (const move of found) moves.push({ ...move, cause });
      if (meaning === null) continue;
      if (needsJob) await this.moves.leaveToJob(reference, meaning);
      else left -= found.length;
    }
    await this.moves.move(moves);
  }
}
