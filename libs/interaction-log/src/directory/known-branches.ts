import { Inject, Injectable } from '@nestjs/common';
import { modelId, ReadModels } from '@readership/kernel';
import { branches, type BranchRow } from './branches.projection.js';
import type { BranchLibraries, UnknownOf } from '@readership/host';
import { DirectoryEntries } from './directory-entries.js';

@Injectable()
export class KnownBranches implements BranchLibraries {
  private readonly entries: DirectoryEntries<BranchRow>;

  constructor(@Inject(ReadModels) models: ReadModels) {
    this.entries = new DirectoryEntries(models, modelId(branches));
  }

  /** Returns a function for one request that says which branches are unknown. It waits for the directory once. */
  unknown(): UnknownOf {
    return this.entries.unknown();
  }

  async librariesOf(ids: Iterable<string>): Promise<ReadonlyMap<string, string>> {
    const libraries = new Map<string, string>();
    for (const id of ids) {
      const branch = await this.entries.find(id);
      if (branch !== null) libraries.set(id, branch.library);
    }
    return libraries;
  }
}
