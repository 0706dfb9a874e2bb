import { Inject, Injectable } from '@nestjs/common';
import { eventually } from '@readership/host';
import { modelId, ReadModels } from '@readership/kernel';
import { branches } from './branches.projection.js';

/** The branches this context has heard of. A branch never goes away, so what was found once is remembered. */
@Injectable()
export class KnownBranches {
  private readonly known = new Set<string>();

  constructor(@Inject(ReadModels) private readonly models: ReadModels) {}

  /** A look with patience for one request: the first unknown branch waits ≤ 2 s for the directory, later ones do not. */
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

  private async missing(ids: Iterable<string>): Promise<ReadonlySet<string>> {
    const missing = new Set<string>();
    for (const id of ids) {
      if (this.known.has(id)) continue;
      const { rows } = await this.models.find(modelId(branches), 'id', { value: id }, { limit: 1 });
      if (rows.length > 0) this.known.add(id);
      else missing.add(id);
    }
    return missing;
  }
}
