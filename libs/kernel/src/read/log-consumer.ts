import type { EventLog, LogConsumer, LogRecord } from '../ports/event-log.js';
import { Gap, OtherLog, Stale } from './delivery.js';
import type { ProcessorGroup } from './processor-group.js';
import type { Keyed } from './projection.js';

/**
 * Consumes the published log with a group of processors. At a gap, or when the log was restored, it halts until the log
 * holds all that is missing. Then it begins again at the log's first record, without an operator, and drops what it has
 * seen.
 */
export function logConsumer<E extends Keyed>(
  group: string,
  window: number,
  processors: ProcessorGroup<LogRecord, E>,
  log: Pick<EventLog, 'reach' | 'ends'>,
): LogConsumer {
  const cut = async (partition: number): Promise<boolean> => {
    if (!(await processors.isWithin(partition, await log.reach(partition)))) return false;
    await processors.restart(partition);
    return true;
  };
  const mended = async (partition: number, { context, seen, curable }: Gap): Promise<boolean> => {
    if (!curable) return false;
    const reach = await log.reach(partition);
    if ((reach[context] ?? 0) <= seen) return false;
    const until = (await log.ends())[partition] ?? 0;
    await processors.restart(partition, { context, reach, until });
    return true;
  };
  return {
    group,
    window,
    // Begins with the last processed record, to check that it is still the same.
    start: async (partition) => Math.max(0, (await processors.start(partition)) - 1),
    take: async (partition, records) => {
      try {
        await processors.process(partition, records);
      } catch (error) {
        const cured =
          error instanceof Gap
            ? await mended(partition, error)
            : error instanceof OtherLog && (await cut(partition));
        if (cured) throw new Stale(`${group}/${partition} reads the log again`, { cause: error });
        throw error;
      }
    },
    cut,
    revoked: (partition) => processors.release(partition),
  };
}
