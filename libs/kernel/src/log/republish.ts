import type { EventLog, Lane } from '../ports/event-log.js';
import type { EventStore } from '../ports/event-store.js';
import type { Position } from '../event.js';
import { Refusal } from '../refusal.js';

/** A context of one process, as far as its place on the log is concerned. */
export interface Publisher {
  readonly name: string;
  readonly store: EventStore;
  readonly log: EventLog;
}

/** What a context publishes again in a partition: everything after `after` up to `through`; nothing when they are equal. */
export interface Republished {
  readonly after: Position;
  readonly through: Position;
}

const pageEvents = 500;
const firstSpan = 2_048;

/**
 * Moves a context's lane back, so that its relays publish again, at the same positions, what comes from a position on:
 * `missing` is the first that the log does not hold. A repetition does no harm: consumers drop what they have seen.
 */
export async function republish(
  { name, store, log }: Publisher,
  partition: number,
  from: Position | 'missing',
): Promise<Republished> {
  const lane = await log.lane(name, partition);
  const to =
    from === 'missing' ? await lastThere({ name, log }, partition) : await before(store, partition, from);
  if (to.scanned >= lane.scanned || to.published >= lane.published) {
    if (from === 'missing') return { after: lane.scanned, through: lane.scanned };
    throw new Refusal(
      'NOT_PUBLISHED_YET',
      'conflict',
      'No fact from this position on has been published yet.',
      '/from',
    );
  }
  if ((await log.moveBack(name, partition, to)).scanned !== to.scanned) {
    throw new Refusal(
      'LOG_IS_WHOLE',
      'conflict',
      'This log stores its place together with its records, so none can be missing.',
    );
  }
  return { after: to.scanned, through: lane.scanned };
}

async function lastThere({ name, log }: Pick<Publisher, 'name' | 'log'>, partition: number): Promise<Lane> {
  const reach = (await log.reach(partition))[name] ?? 0;
  return { scanned: reach, published: reach };
}

async function before(store: EventStore, partition: number, from: Position): Promise<Lane> {
  const end = await store.end(partition);
  if (from > end) {
    throw new Refusal('BEYOND_THE_END', 'invalid', `The partition ends at position ${end}.`, '/from');
  }
  for (let span = firstSpan; ; span *= 2) {
    const start = Math.max(0, from - 1 - span);
    const published = await lastFact(store, partition, start, from);
    if (published > 0 || start === 0) return { scanned: from - 1, published };
  }
}

/** The last position after `after` and before `end` that publishes a fact, 0: none does. */
async function lastFact(
  store: EventStore,
  partition: number,
  after: Position,
  end: Position,
): Promise<Position> {
  let last = 0;
  for (let at = after; ;) {
    const events = await store.readOutbox(partition, at, pageEvents);
    for (const { position, fact } of events) if (fact !== null && position < end) last = position;
    at = events.at(-1)?.position ?? end;
    if (at >= end - 1) return last;
  }
}
