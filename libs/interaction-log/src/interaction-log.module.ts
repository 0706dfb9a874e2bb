import { Module, type DynamicModule } from '@nestjs/common';
import { checkFact, decodeFact } from '@readership/contracts';
import { branchClosings, BranchLibraries, ClosedBranches, contextModule, Scopes } from '@readership/host';
import type { Adapters, ContextStore } from '@readership/kernel';
import { provesCardKey } from './ingest/card-key-proof.js';
import { deadLettersList } from './dead-letters/dead-letters-list.projection.js';
import { DeadLettersController } from './dead-letters/dead-letters.controller.js';
import { ParkedRecords } from './dead-letters/parked-records.js';
import { branches } from './directory/branches.projection.js';
import { KnownBranches } from './directory/known-branches.js';
import { KnownLibraries } from './directory/known-libraries.js';
import { libraries } from './directory/libraries.projection.js';
import { IngestController } from './ingest/ingest.controller.js';
import { Intake } from './ingest/intake.js';
import { InteractionsController } from './ingest/interactions.controller.js';
import { Recorder } from './ingest/recorder.js';
import { InteractionScopes } from './interaction-scopes.js';
import { PatronInteractions } from './patrons/patron-interactions.js';
import { PatronInteractionsController } from './patrons/patron-interactions.controller.js';
import { publish } from './publish.js';
import { OnReferenceFacts } from './references/on-reference-facts.js';
import { ReferenceMoves } from './references/reference-moves.js';
import { referenced } from './references/referenced.projection.js';
import { references } from './references/references.projection.js';
import { SourcesController } from './sources/sources.controller.js';
import { sourcesList } from './sources/sources-list.projection.js';
import { AllowedSources } from './sources/sources.js';

@Module({})
export class InteractionLogModule {
  static readonly store: ContextStore = { name: 'interaction-log', provesCardKey };

  static on(adapters: Adapters): DynamicModule {
    return contextModule(adapters, {
      name: 'interaction-log',
      module: InteractionLogModule,
      publish,
      checkFact,
      controllers: [
        InteractionsController,
        PatronInteractionsController,
        SourcesController,
        DeadLettersController,
        IngestController,
      ],
      providers: [
        KnownBranches,
        ClosedBranches,
        { provide: BranchLibraries, useExisting: KnownBranches },
        Scopes,
        InteractionScopes,
        PatronInteractions,
        KnownLibraries,
        Recorder,
        AllowedSources,
        Intake,
        ParkedRecords,
      ],
      log: {
        models: [
          { projection: branches },
          { projection: libraries },
          { projection: branchClosings },
          { projection: references },
          { projection: referenced },
        ],
        reactions: [
          {
            useFactory: (store, models, jobs) =>
              new OnReferenceFacts(models, new ReferenceMoves(store, models, jobs)),
          },
        ],
        decode: decodeFact,
      },
      jobs: [{ useFactory: (store, models, jobs) => new ReferenceMoves(store, models, jobs) }],
      acts: {
        SourceAllowed: ['source', 'libraries', 'branches'],
        SourceRevoked: ['source'],
        RecordReplayed: ['interaction'],
        ReplayRefused: [],
        RecordDiscarded: [],
      },
      own: { models: [{ projection: sourcesList }, { projection: deadLettersList }] },
    });
  }
}
