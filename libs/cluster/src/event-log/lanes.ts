import type { Lane, Position } from '@readership/kernel';
import { isDuplicate, type Collection, type Database } from '../mongo.js';

interface LaneDoc {
  /** `<context>:<partition>` */
  readonly _id: string;
  readonly scanned: Position;
  readonly published: Position;
  /** How often it was moved back; absent: never. */
  readonly turn?: number;
  /** The topic's offset after the last record that was sent. */
  readonly sent?: number;
}

/** A lane as it is stored. */
export interface StoredLane extends Lane {
  /** What was sent in an earlier turn does not move it any more. */
  readonly turn: number;
  /** After it nothing of the context was on the topic when the lane moved. */
  readonly sent: number;
}

/** How far each context's relays have come, moved by compare-and-set. */
export class Lanes {
  private readonly lanes: Collection<LaneDoc>;

  constructor(database: Database) {
    this.lanes = database.collection<LaneDoc>('lanes');
  }

  async lane(context: string, partition: number): Promise<StoredLane> {
    const doc = await this.lanes.findOne({ _id: idOf(context, partition) });
    const { scanned = 0, published = 0, turn = 0, sent = 0 } = doc ?? {};
    return { scanned, published, turn, sent };
  }

  /** Remembers, while the lane stands there, that nothing of the context lies on the topic between `sent` and an offset. */
  async nothingUntil(context: string, partition: number, lane: StoredLane, offset: number): Promise<void> {
    await this.move(context, partition, lane, { ...lane, sent: offset });
  }

  /** Moves the lane; false when it is not where it was any more. */
  async move(context: string, partition: number, from: StoredLane, to: StoredLane): Promise<boolean> {
    const _id = idOf(context, partition);
    const turn = from.turn === 0 ? { $exists: false } : from.turn;
    const next = to.turn === 0 ? { scanned: to.scanned, published: to.published, sent: to.sent } : to;
    const { matchedCount } = await this.lanes.updateOne(
      { _id, scanned: from.scanned, turn },
      { $set: { ...next } },
    );
    if (matchedCount === 1) return true;
    if (from.scanned !== 0 || from.turn !== 0) return false;
    try {
      await this.lanes.insertOne({ _id, ...next });
      return true;
    } catch (error) {
      if (isDuplicate(error)) return false;
      throw error;
    }
  }
}

function idOf(context: string, partition: number): string {
  return `${context}:${partition}`;
}
