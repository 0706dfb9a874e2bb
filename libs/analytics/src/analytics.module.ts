import type { DynamicModule } from '@nestjs/common';
import { decodeFact } from '@readership/contracts';
import { contextModule } from '@readership/host';
import type { Adapters } from '@readership/kernel';
import { CostsController } from './costs/costs.controller.js';
import { costs } from './costs/costs.projection.js';
import { spending } from './costs/spending.tally.js';
import { StateCosts } from './costs/state-costs.js';
import { Directory } from './directory/directory.js';
import { directory } from './directory/directory.projection.js';
import { Figures } from './figures/figures.js';
import { onConsortiumConfigured } from './figures/on-consortium-configured.js';
import { FiguresQuery } from './metrics/figures-query.js';
import { MetricsController } from './metrics/metrics.controller.js';
import { publish } from './publish.js';

/** Counts what the other contexts publish, and answers every metric. */
export class AnalyticsModule {
  static on(adapters: Adapters): DynamicModule {
    return contextModule(adapters, {
      name: 'analytics',
      module: AnalyticsModule,
      publish,
      controllers: [MetricsController, CostsController],
      providers: [Directory, StateCosts, Figures, FiguresQuery],
      log: {
        models: [{ projection: directory }, { projection: costs, tallies: [spending] }],
        reactions: [{ useFactory: onConsortiumConfigured }],
        decode: decodeFact,
      },
    });
  }
}
