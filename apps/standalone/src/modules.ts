import type { DynamicModule } from '@nestjs/common';
import { AnalyticsModule } from '@readership/analytics';
import { FeedbackModule } from '@readership/feedback';
import { InteractionLogModule } from '@readership/interaction-log';
import type { Adapters } from '@readership/kernel';
import { PatronProfileModule } from '@readership/patron-profile';
import { BoardModule } from './board.module.js';

/** All that runs in the one process: the four contexts and the board. */
export function modulesOn(adapters: Adapters): readonly DynamicModule[] {
  return [
    PatronProfileModule.on(adapters),
    InteractionLogModule.on(adapters),
    FeedbackModule.on(adapters),
    AnalyticsModule.on(adapters),
    { module: BoardModule },
  ];
}
