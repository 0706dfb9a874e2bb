import type { DynamicModule } from '@nestjs/common';
import { AnalyticsModule } from '@readership/analytics';
import { FeedbackModule } from '@readership/feedback';
import { InteractionLogModule } from '@readership/interaction-log';
import type { Adapters, ContextStore } from '@readership/kernel';
import { PatronProfileModule } from '@readership/patron-profile';
import { BoardModule } from './board.module.js';

/** The contexts that have a database in the data folder. */
export const stores: readonly ContextStore[] = [
  PatronProfileModule,
  InteractionLogModule,
  FeedbackModule,
  AnalyticsModule,
].map(({ store }) => store);

/** Everything that runs in the one process: the four contexts and the board. */
export function modulesOn(adapters: Adapters): readonly DynamicModule[] {
  return [
    PatronProfileModule.on(adapters),
    InteractionLogModule.on(adapters),
    FeedbackModule.on(adapters),
    AnalyticsModule.on(adapters),
    { module: BoardModule },
  ];
}
