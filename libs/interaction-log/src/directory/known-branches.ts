import { Inject, Injectable } from '@nestjs/common';
import { modelId, ReadModels } from '@readership/kernel';
import { branches, type BranchRow } from './branches.projection.js';
import type { UnknownOf } from '@readership/host';
import { DirectoryEntries } from './directory-entries.js';

@Injectable()
export class KnownBranches {
  private readonly entries: DirectoryEntries<BranchRow>;

  constructor(@Inject(ReadModels) models: ReadModels) {
    this.entries = new DirectoryEntries(models, modelId(branches));
  }

  /** Says for one request which branches are unknown; waits for the directory once. */
  unknown(): UnknownOf {
    return this.entries.unknown();
  }

  /** Whose these branches are, as the directory says now; unknown ones are absent. */
  async librariesOf(ids: Iterable<string>): Promise<ReadonlyMap<string, string>> {
    const libraries = new Map<string, string>();
    for (const id of ids) {
      const branch = await this.entries.find(id);
      if (branch !== null) libraries.set(id, branch.library);
    }
    return libraries;
  }
}
