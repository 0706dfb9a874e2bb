import type { Publisher } from './republish.js';

/**
 * A context's store lacks events that the context has published, or has other events at their positions: it is older
 * than the log.
 */
export class StoreBehindLog extends Error {
  override readonly name = 'StoreBehindLog';
}

/**
 * Compares a context's store with the log. Rejects with `StoreBehindLog`, whose message is one line, when the log holds
 * a fact that the store does not. Such a context must not run: it would record other facts at positions that every
 * consumer regards as seen.
 */
export async function checkHistory({ name, store, log }: Publisher): Promise<void> {
  const beyond = await log.beyond(name);
  for (let partition = 0; partition < store.partitions; partition++) {
    const { scanned } = await log.lane(name, partition);
    const there = beyond.get(partition);
    const known = Math.max(scanned, there?.position ?? 0);
    if (known === 0) continue;
    const end = await store.end(partition);
    if (known > end) throw behind(name, partition, `up to position ${known}, and the store ends at ${end}`);
    if (!there) continue;
    const [event] = await store.readOutbox(partition, there.position - 1, 1);
    if (event?.damaged) continue;
    if (event?.id !== there.id) throw behind(name, partition, `another event at position ${there.position}`);
  }
}

function behind(name: string, partition: number, what: string): StoreBehindLog {
  return new StoreBehindLog(
    `${name} cannot run: in partition ${partition} the log holds ${what}. ` +
      'Its database is older than the log: see «Backup and restore» in OPERATIONS.md.',
  );
}
