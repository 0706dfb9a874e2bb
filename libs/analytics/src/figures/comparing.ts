import { fingerprints, type ReadModels } from '@readership/kernel';
import type { Building } from './figures.decider.js';
import type { Comparison } from './figures.events.js';

/** A rebuild that has caught up, and the names of the two editions that are compared. */
export interface Rebuilding {
  readonly build: Building;
  readonly live: string;
  readonly built: string;
}

/**
 * Compares those of the partitions in which both editions stand at the same offset and go on doing so meanwhile: only
 * then do differences mean something. The others are left out.
 */
export async function compared(
  models: ReadModels,
  { live, built }: Pick<Rebuilding, 'live' | 'built'>,
  partitions: readonly number[],
): Promise<readonly Comparison[]> {
  // What was parked and replayed moves no offset, but the counts beside it.
  const standing = async () =>
    new Map(
      await Promise.all(
        partitions.map(async (partition) => {
          const both = await Promise.all([live, built].map((id) => models.checkpoint(id, partition)));
          const at = both[0]!.offset === both[1]!.offset ? both[0]!.offset : null;
          return [partition, { at, text: JSON.stringify(both) }] as const;
        }),
      ),
    );
  const before = await standing();
  const level = new Set(partitions.filter((partition) => before.get(partition)!.at !== null));
  if (level.size === 0) return [];
  const ofLive = await fingerprints(models, live, level);
  const ofBuilt = await fingerprints(models, built, level);
  const after = await standing();
  return [...level]
    .filter((partition) => before.get(partition)!.text === after.get(partition)!.text)
    .map((partition) => ({
      partition,
      offset: before.get(partition)!.at!,
      live: ofLive.get(partition)!,
      built: ofBuilt.get(partition)!,
    }));
}

/** Partitions of a rebuild that has caught up which are not compared yet. */
export function uncompared({ partitions, compared: known }: Building): readonly number[] {
  const all = Array.from({ length: partitions ?? 0 }, (_, partition) => partition);
  return all.filter((partition) => !known.some((one) => one.partition === partition));
}
