import { Inject, Injectable } from '@nestjs/common';
import { modelId, ReadModels } from '@readership/kernel';
import { KnownPlaces } from './known-places.js';
import { libraries, type LibraryRow } from './libraries.projection.js';

@Injectable()
export class KnownLibraries extends KnownPlaces<LibraryRow> {
  constructor(@Inject(ReadModels) models: ReadModels) {
    super(models, modelId(libraries));
  }
}
