import type { DynamicModule } from '@nestjs/common';
import { checkFact, decodeFact } from '@readership/contracts';
import { branchClosings, BranchLibraries, ClosedBranches, contextModule, Scopes } from '@readership/host';
import type { Adapters, ContextStore } from '@readership/kernel';
import { CostsController } from './costs/costs.controller.js';
import { costsList } from './costs/costs-list.projection.js';
import { costs } from './costs/costs.projection.js';
import { spending, spendings } from './costs/spending.tally.js';
import { StateCosts } from './costs/state-costs.js';
import { ScopeDirectory } from './directory/directory.js';
import { directory } from './directory/directory.projection.js';
import { offered, OFFERED, versionsOf, type Offered } from './builds/figure-models.js';
import { Builds } from './builds/builds.js';
import { onConsortiumConfigured } from './builds/on-consortium-configured.js';
import { Rebuilds } from './builds/rebuilds.js';
import { RebuildsController } from './builds/rebuilds.controller.js';
import { FiguresQuery } from './metrics/figures-query.js';
import { MetricsController } from './metrics/metrics.controller.js';
import { RankingsController } from './metrics/rankings.controller.js';
import { RankingsQuery } from './metrics/rankings-query.js';
import { publish } from './publish.js';
import { HiddenFigures } from './suppression/hidden-figures.js';

/** Counts what the other contexts publish, and answers every metric. */
export class AnalyticsModule {
  static readonly store: ContextStore = { name: 'analytics' };

  /** `by`: the versions of the figures' read models; defaults to those of this release. */
  static on(adapters: Adapters, by: Offered = offered): DynamicModule {
    const versions = versionsOf(by);
    return contextModule(adapters, {
      name: 'analytics',
      module: AnalyticsModule,
      publish,
      checkFact,
      controllers: [MetricsController, RankingsController, CostsController, RebuildsController],
      providers: [
        { provide: OFFERED, useValue: by },
        ScopeDirectory,
        ClosedBranches,
        { provide: BranchLibraries, useExisting: ScopeDirectory },
        Scopes,
        StateCosts,
        Builds,
        Rebuilds,
        HiddenFigures,
        FiguresQuery,
        RankingsQuery,
      ],
      log: {
        models: [
          { projection: directory },
          { projection: branchClosings },
          { projection: costs, tallies: [spending] },
          { projection: costsList },
          { tally: spendings },
        ],
        reactions: [{ useFactory: (store) => onConsortiumConfigured(store, versions) }],
        decode: decodeFact,
      },
      acts: { BuildStarted: ['number', 'rebuilds'], BuildServed: ['number'], BuildAbandoned: ['number'] },
    });
  }
}
