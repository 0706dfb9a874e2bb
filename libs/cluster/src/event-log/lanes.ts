import type { Lane, Position } from '@readership/kernel';
import { isDuplicate, type Collection, type Database } from '../mongo.js';

interface LaneDoc {
  /** `<context>:<partition>` */
  readonly _id: string;
  readonly scanned: Position;
  readonly published: Position;
  /** How often it was moved back; absent when it never was. */
  readonly turn?: number;
  /** The topic's offset after the last record that was sent. */
  readonly sent?: number;
}

/** A lane as it is stored. */
export interface StoredLane extends Lane {
  /** A send that began in an earlier turn does not move the lane. */
  readonly turn: number;
  /** When the lane was moved, the topic held nothing of the context after this offset. */
  readonly sent: number;
}

/** Lanes of all contexts, moved by compare-and-set. */
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

  /** Stores that the topic holds nothing of the context between `sent` and an offset, unless the lane has moved. */
  async nothingUntil(context: string, partition: number, lane: StoredLane, offset: number): Promise<void> {
    await this.move(context, partition, lane, { ...lane, sent: offset });
  }

  /** Moves the lane. Resolves to false when it is no longer where it was. */
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
