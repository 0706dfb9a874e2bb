import { eventually } from '@readership/host';
import type { ReadModels } from '@readership/kernel';

/** The places of one kind this context has heard of. One never goes away, so what was found once is remembered. */
export class KnownPlaces<Row extends object> {
  private readonly known = new Set<string>();

  constructor(
    private readonly models: ReadModels,
    /** Has an index `id`. */
    private readonly model: string,
  ) {}

  /** A look with patience for one request: the first unknown place waits ≤ 2 s for the directory, later ones do not. */
  patient(): (ids: Iterable<string>) => Promise<ReadonlySet<string>> {
    let patience = true;
    return async (ids) => {
      let missing = await this.missing(ids);
      if (missing.size > 0 && patience) {
        patience = false;
        await eventually(async () => {
          missing = await this.missing(missing);
          return missing.size === 0 ? true : null;
        });
      }
      return missing;
    };
  }

  protected async find(id: string): Promise<Row | null> {
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
