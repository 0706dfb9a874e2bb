import { Module, type DynamicModule } from '@nestjs/common';
import { decodeFact } from '@readership/contracts';
import { contextModule } from '@readership/host';
import type { Adapters } from '@readership/kernel';
import { branches } from './directory/branches.projection.js';
import { KnownBranches } from './directory/known-branches.js';
import { InteractionsController } from './ingest/interactions.controller.js';
import { Recorder } from './ingest/recorder.js';
import { publish } from './publish.js';
import { OnReferenceFacts } from './references/on-reference-facts.js';
import { referenced } from './references/referenced.projection.js';
import { references } from './references/references.projection.js';

@Module({})
export class InteractionLogModule {
  static on(adapters: Adapters): DynamicModule {
    return contextModule(adapters, {
      name: 'interaction-log',
      module: InteractionLogModule,
      publish,
      controllers: [InteractionsController],
      providers: [KnownBranches, Recorder],
      log: {
        models: [{ projection: branches }, { projection: references }, { projection: referenced }],
        reactions: [{ useFactory: (store, models) => new OnReferenceFacts(store, models) }],
        decode: decodeFact,
      },
    });
  }
}
