import { keyed, reported, streamOf, uuidv7, type EventStore, type LoopReport } from '@readership/kernel';
import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../clock.js';
import { MonthKeys, monthOf } from './month-keys.js';
import { namedMax, type AccessData, type AccessHow, type PatronAccessed } from './patron-accessed.events.js';
import type { Reader } from './reading.js';

const tagLength = 22;
const forgetEveryMs = 3_600_000;
const retryMs = 60_000;

/** What stands for a patron in the records of access of the month that the key is of: 131 bits of a keyed digest. */
export function tagOf(monthKey: Buffer, personId: string): string {
  return keyed(monthKey, personId).slice(0, tagLength);
}

/** The records of access of one context: who was shown what belongs to which patrons. */
export class Accesses {
  readonly keys: MonthKeys;

  constructor(private readonly store: EventStore) {
    this.keys = new MonthKeys(store);
  }

  /**
   * Records that the reader is shown what belongs to these patrons. Call it before the answer is given: when it rejects,
   * there must be no answer. Of nobody nothing is recorded.
   */
  async record(
    { role, scopes, purpose, meta }: Reader,
    how: AccessHow,
    personIds: Iterable<string>,
  ): Promise<void> {
    const ids = [...new Set(personIds)];
    if (ids.length === 0) return;
    const data: AccessData = { month: monthOf(meta.at), role, scopes, how, purpose, count: ids.length };
    const event = ids.length > namedMax ? unnamed(data) : named(data, ids, await this.keys.toWrite(meta));
    await this.store.append(streamOf('access', uuidv7()), 0, [event], meta);
  }

  /** Destroys, now and every hour until the signal, the keys of the months that are over. */
  async keepForgetting(clock: Clock, signal: AbortSignal, report: LoopReport): Promise<void> {
    while (!signal.aborted) {
      const forgotten = await reported(report, () => this.keys.forgetBefore(clock.now().toISOString())).then(
        () => true,
        () => false,
      );
      await pause(forgotten ? forgetEveryMs : retryMs, undefined, { signal }).catch(() => undefined);
    }
    report.ended();
  }
}

function unnamed(data: AccessData): PatronAccessed {
  return { type: 'PatronAccessed', data };
}

function named(data: AccessData, personIds: readonly string[], monthKey: Buffer): PatronAccessed {
  const tags = personIds.map((id) => tagOf(monthKey, id));
  return { type: 'PatronAccessed', data: { ...data, tags }, personal: { personIds } };
}
