import { Inject, Injectable } from '@nestjs/common';
import { modelId, ReadModels } from '@readership/kernel';
import type { UnknownOf } from '@readership/host';
import { DirectoryEntries } from './directory-entries.js';
import { libraries, type LibraryRow } from './libraries.projection.js';

@Injectable()
export class KnownLibraries {
  private readonly entries: DirectoryEntries<LibraryRow>;

  constructor(@Inject(ReadModels) models: ReadModels) {
    this.entries = new DirectoryEntries(models, modelId(libraries));
  }

  /** Returns a function for one request that says which libraries are unknown. It waits for the directory once. */
  unknown(): UnknownOf {
    return this.entries.unknown();
  }
}
