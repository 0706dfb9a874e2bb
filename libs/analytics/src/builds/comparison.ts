import { fingerprints, type ReadModels } from '@readership/kernel';
import type { Building } from './builds.decider.js';
import type { Comparison } from './builds.events.js';

/** Ids of the two versions of a rebuilt read model. */
export interface Compared {
  readonly live: string;
  readonly built: string;
}

const triesMax = 5;
const ofNothing = '0'.repeat(32);

/**
 * Compares what two versions of a read model hold of a partition. `null` while their offsets differ, because a
 * difference means something only at the same offset. Throws when the partition repeatedly moves on meanwhile.
 */
export async function comparisonOf(
  models: ReadModels,
  { live, built }: Compared,
  partition: number,
): Promise<Comparison | null> {
  const checkpoints = () => Promise.all([live, built].map((id) => models.checkpoint(id, partition)));
  const hash = async (id: string): Promise<string> =>
    (await fingerprints(models, id, new Set([partition]))).get(partition)!;
  for (let tries = 0; tries < triesMax; tries++) {
    const before = await checkpoints();
    const { offset } = before[0]!;
    if (before[1]!.offset !== offset) return null;
    const comparison = { partition, offset, live: await hash(live), built: await hash(built) };
    // A replay of parked records does not move the offset, but it changes the counts beside it.
    if (JSON.stringify(await checkpoints()) === JSON.stringify(before)) return comparison;
  }
  throw new Error(`partition ${partition} moved on while it was compared`);
}

/** The comparison of a partition of which neither version has taken a record, else `null`. It reads no rows. */
export async function comparisonOfNothing(
  models: ReadModels,
  { live, built }: Compared,
  partition: number,
): Promise<Comparison | null> {
  for (const id of [live, built]) {
    if ((await models.checkpoint(id, partition)).recordedAt !== '') return null;
  }
  return { partition, offset: 0, live: ofNothing, built: ofNothing };
}

/** Partitions of a caught-up rebuild that are not compared yet. */
export function uncompared({ partitions, compared }: Building): readonly number[] {
  const all = Array.from({ length: partitions ?? 0 }, (_, partition) => partition);
  return all.filter((partition) => !compared.some((one) => one.partition === partition));
}
