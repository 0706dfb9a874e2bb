import { Inject, Injectable } from '@nestjs/common';
import { modelId, ReadModels } from '@readership/kernel';
import { branches, type BranchRow } from './branches.projection.js';
import { KnownPlaces } from './known-places.js';

@Injectable()
export class KnownBranches extends KnownPlaces<BranchRow> {
  constructor(@Inject(ReadModels) models: ReadModels) {
    super(models, modelId(branches));
  }

  /** Whose these branches are, as the directory says now; unknown ones are absent. */
  async librariesOf(ids: Iterable<string>): Promise<ReadonlyMap<string, string>> {
    const libraries = new Map<string, string>();
    for (const id of ids) {
      const branch = await this.find(id);
      if (branch !== null) libraries.set(id, branch.library);
    }
    return libraries;
  }
}
