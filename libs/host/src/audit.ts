import type { ContextAudit, PartitionAccount, ProjectionAccount } from '@readership/client';
import type { Checkpoint } from '@readership/kernel';
import { setTimeout as pause } from 'node:timers/promises';
import type { ContextStatus } from './contexts.js';

const triesMs = 1500;

/**
 * Counts a context (PROTOCOL §6). The numbers change while they are counted, so a count is repeated for a short time
 * until nothing moves. A mismatch that remains then is real.
 */
export async function auditOf(context: ContextStatus): Promise<ContextAudit> {
  const before = await jobsOf(context);
  const partitions: PartitionAccount[] = [];
  const projections: ProjectionAccount[] = [];
  for (let partition = 0; partition < context.store.partitions; partition++) {
    partitions.push(await partitionAccount(context, partition));
  }
  const published = await checkpointsOf(context, context.publishedIds);
  const own = await checkpointsOf(context, context.ownIds);
  for (let partition = 0; partition < context.store.partitions; partition++) {
    projections.push(...(await logAccounts(context, published, partition)));
    projections.push(...(await ownAccounts(context, own, partition)));
  }
  const holds =
    partitions.every((a) => a.recorded === a.published + a.privateOnly + a.unpublished) &&
    projections.every((a) => a.published === a.applied + a.skipped + a.parked + a.lag);
  // A reaction that lagged at first may have enqueued some jobs since.
  const jobs = Math.max(before, await jobsOf(context));
  return { context: context.name, partitions, projections, jobs, holds };
}

/** By model, its checkpoints by partition. */
type Checkpoints = ReadonlyMap<string, readonly Checkpoint[]>;

async function checkpointsOf({ models }: ContextStatus, names: ReadonlySet<string>): Promise<Checkpoints> {
  return new Map(
    await Promise.all([...names].map(async (name) => [name, await models.checkpoints(name)] as const)),
  );
}

async function jobsOf({ jobWorkers }: ContextStatus): Promise<number> {
  return (await jobWorkers.counts()).reduce((all, { jobs }) => all + jobs, 0);
}

/**
 * Counts recorded, private and unpublished events in the store, up to the lane's position, and published facts on the
 * log.
 */
async function partitionAccount(
  { name, store, log }: ContextStatus,
  partition: number,
): Promise<PartitionAccount> {
  const deadline = performance.now() + triesMs;
  for (let pauseMs = 5; ; pauseMs = Math.min(2 * pauseMs, 200)) {
    const before = await log.lane(name, partition);
    const published = sum((await log.account(partition)).filter(({ context }) => context === name));
    const after = await log.lane(name, partition);
    // No upper bound: events that are stored and not in order yet count as well.
    const all = await store.account(partition);
    const scanned = await store.account(partition, after.scanned);
    const account = {
      partition,
      recorded: all.recorded,
      published,
      privateOnly: all.privateOnly,
      unpublished: all.facts - scanned.facts,
    };
    const holds = account.recorded === published + account.privateOnly + account.unpublished;
    const still = before.scanned === after.scanned;
    if (holds || (still && performance.now() >= deadline)) return account;
    // The relay never paused. What it published meanwhile lies between the two lane positions, so the count only has bounds.
    if (performance.now() >= deadline) {
      const least = (await store.account(partition, before.scanned)).facts;
      const moved = published >= least && published <= scanned.facts;
      return moved ? { ...account, unpublished: all.facts - published } : account;
    }
    await pause(pauseMs);
  }
}

/**
 * Counts for each read model. A checkpoint is one value, and the log before an offset never changes, so these counts
 * agree at any moment.
 */
async function logAccounts(
  { log }: ContextStatus,
  of: Checkpoints,
  partition: number,
): Promise<ProjectionAccount[]> {
  const names = [...of.keys()];
  const checkpoints = [...of.values()].map((each) => each[partition]!);
  const end = (await log.ends())[partition] ?? 0;
  const total = sum(await log.account(partition, end));
  const through = new Map<number, number>();
  for (const { offset } of checkpoints) {
    if (!through.has(offset)) through.set(offset, sum(await log.account(partition, offset)));
  }
  return checkpoints.map((checkpoint, i) =>
    accountOf(names[i]!, partition, total, checkpoint, total - through.get(checkpoint.offset)!),
  );
}

async function ownAccounts(
  { store }: ContextStatus,
  of: Checkpoints,
  partition: number,
): Promise<ProjectionAccount[]> {
  const names = [...of.keys()];
  const checkpoints = [...of.values()].map((each) => each[partition]!);
  const total = (await store.account(partition, await store.end(partition))).recorded;
  return Promise.all(
    checkpoints.map(async (checkpoint, i) => {
      const { recorded } = await store.account(partition, checkpoint.offset);
      return accountOf(names[i]!, partition, total, checkpoint, total - recorded);
    }),
  );
}

function accountOf(
  name: string,
  partition: number,
  published: number,
  { applied, skipped, parked }: Checkpoint,
  lag: number,
): ProjectionAccount {
  return { name, partition, published, applied, skipped, parked, lag };
}

export function sum(counts: readonly { readonly records: number }[]): number {
  return counts.reduce((total, { records }) => total + records, 0);
}
