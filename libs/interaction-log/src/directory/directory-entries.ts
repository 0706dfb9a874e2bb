import { waitingOnce, type UnknownOf } from '@readership/host';
import type { ReadModels } from '@readership/kernel';

/**
 * The branches, or the libraries, that this context knows. None disappears, so an entry that was found once is
 * remembered.
 */
export class DirectoryEntries<Row extends object> {
  private readonly known = new Set<string>();

  constructor(
    private readonly models: ReadModels,
    /** Id of a model with an index `id`. */
    private readonly model: string,
  ) {}

  /** Returns a function for one request that says which ids are unknown. It waits for the directory once. */
  unknown(): UnknownOf {
    return waitingOnce((ids) => this.missing(ids));
  }

  async find(id: string): Promise<Row | null> {
    const { rows } = await this.models.find<Row>(this.model, 'id', { value: id }, { limit: 1 });
    return rows[0]?.row ?? null;
  }

  private async missing(ids: Iterable<string>): Promise<ReadonlySet<string>> {
    const missing = new Set<string>();
    for (const id of ids) {
      if (this.known.has(id)) continue;
      if ((await this.find(id)) === null) missing.add(id);
      else this.known.add(id);
    }
    return missing;
  }
}
