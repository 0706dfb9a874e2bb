import { AccessStore, type AccessRecord } from '@readership/kernel';
import { isDuplicate, type Collection, type Database } from './mongo.js';

interface RecordDoc {
  readonly _id: string;
  readonly rev: number;
  readonly body: string;
}

/** The access database of a deployment: one document per record. */
export class MongoAccessStore extends AccessStore {
  private readonly records: Collection<RecordDoc>;

  constructor(database: Database) {
    super();
    this.records = database.collection('records');
  }

  async get(id: string): Promise<AccessRecord | null> {
    const found = await this.records.findOne({ _id: id });
    return found && recordOf(found);
  }

  async put(id: string, before: number, body: string): Promise<boolean> {
    if (before > 0) {
      const { matchedCount } = await this.records.replaceOne(
        { _id: id, rev: before },
        { rev: before + 1, body },
      );
      return matchedCount === 1;
    }
    try {
      await this.records.insertOne({ _id: id, rev: 1, body });
      return true;
    } catch (error) {
      if (isDuplicate(error)) return false;
      throw error;
    }
  }

  async remove({ id, rev, body }: AccessRecord): Promise<boolean> {
    const { deletedCount } = await this.records.deleteOne({ _id: id, rev, body });
    return deletedCount === 1;
  }

  async list(page: { readonly after?: string; readonly limit: number }): Promise<readonly AccessRecord[]> {
    const found = await this.records
      .find({ _id: { $gt: page.after ?? '' } })
      .sort({ _id: 1 })
      .limit(page.limit)
      .toArray();
    return found.map(recordOf);
  }
}

function recordOf({ _id, rev, body }: RecordDoc): AccessRecord {
  return { id: _id, rev, body };
}
