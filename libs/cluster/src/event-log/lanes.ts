import type { Lane, Position } from '@readership/kernel';
import { isDuplicate, type Collection, type Database } from '../mongo.js';

interface LaneDoc {
  /** `<context>:<partition>` */
  readonly _id: string;
  readonly scanned: Position;
  readonly published: Position;
}

/** How far each context's relays have come, moved by compare-and-set. */
export class Lanes {
  private readonly lanes: Collection<LaneDoc>;

  constructor(database: Database) {
    this.lanes = database.collection<LaneDoc>('lanes');
  }

  async lane(context: string, partition: number): Promise<Lane> {
    const doc = await this.lanes.findOne({ _id: idOf(context, partition) });
    return { scanned: doc?.scanned ?? 0, published: doc?.published ?? 0 };
  }

  /** Moves the lane; false when it is not at `from` any more. */
  async move(context: string, partition: number, from: Position, to: Lane): Promise<boolean> {
    const _id = idOf(context, partition);
    const { matchedCount } = await this.lanes.updateOne({ _id, scanned: from }, { $set: { ...to } });
    if (matchedCount === 1) return true;
    if (from !== 0) return false;
    try {
      await this.lanes.insertOne({ _id, ...to });
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
