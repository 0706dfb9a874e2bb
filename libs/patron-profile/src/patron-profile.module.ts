import type { DynamicModule } from '@nestjs/common';
import { checkFact } from '@readership/contracts';
import { BranchLibraries, contextModule, Scopes } from '@readership/host';
import type { Adapters, ContextStore } from '@readership/kernel';
import { ApiKeysController } from './api-keys/api-keys.controller.js';
import { Grants } from './api-keys/grants.js';
import { TransferGrants } from './api-keys/transfer-grants.js';
import { provesCardKey } from './cards/card-key-proof.js';
import { Cards } from './cards/cards.js';
import { BranchesController } from './directory/branches.controller.js';
import { ConsortiumController } from './directory/consortium.controller.js';
import { branches, libraries } from './directory/directory.projection.js';
import { ConsortiumDirectory } from './directory/directory.js';
import { LibrariesController } from './directory/libraries.controller.js';
import { PatronBatchController } from './patrons/patron-batch.controller.js';
import { PatronCards } from './patrons/patron-cards.js';
import { PatronRecords } from './patrons/patron-records.js';
import { PatronsController } from './patrons/patrons.controller.js';
import { Registrations } from './patrons/registrations.js';
import { PrincipalsController } from './principals/principals.controller.js';
import { publish } from './publish.js';
import { patronSearch } from './search/patron-search.projection.js';
import { PatronSearch } from './search/patron-search.js';

/** Readers, their cards, and the directory of the consortium. */
export class PatronProfileModule {
  static readonly store: ContextStore = { name: 'patron-profile', provesCardKey };

  static on(adapters: Adapters): DynamicModule {
    return contextModule(adapters, {
      name: 'patron-profile',
      module: PatronProfileModule,
      publish,
      checkFact,
      controllers: [
        ConsortiumController,
        LibrariesController,
        BranchesController,
        PatronBatchController,
        PatronsController,
        ApiKeysController,
        PrincipalsController,
      ],
      providers: [
        ConsortiumDirectory,
        { provide: BranchLibraries, useExisting: ConsortiumDirectory },
        Scopes,
        Grants,
        TransferGrants,
        Cards,
        Registrations,
        PatronCards,
        PatronRecords,
        PatronSearch,
      ],
      acts: {
        ApiKeyIssued: ['id'],
        ApiKeyRotated: ['id'],
        ApiKeyRevoked: ['id'],
        ConsortiumConfigured: [],
        LibraryAdded: ['id'],
        LibraryRenamed: ['id'],
        BranchAdded: ['id', 'library'],
        BranchRenamed: ['id'],
        BranchTransferred: ['id', 'library'],
        BranchTimeZoneSet: ['id'],
        BranchPopulationStated: ['id'],
        BranchClosed: ['id'],
        BranchReopened: ['id'],
      },
      own: { models: [{ projection: patronSearch }, { projection: libraries }, { projection: branches }] },
    });
  }
}
