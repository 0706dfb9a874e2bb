import { AnalyticsModule } from '@readership/analytics';
import { memoryAdapters } from '@readership/embedded';
import { FeedbackModule } from '@readership/feedback';
import { partsOf, type ContextParts } from '@readership/host';
import { InteractionLogModule } from '@readership/interaction-log';
import { PatronProfileModule } from '@readership/patron-profile';

/** The parts of every context, from its own module. */
export function contexts(): readonly ContextParts[] {
  const adapters = memoryAdapters();
  return [PatronProfileModule, InteractionLogModule, FeedbackModule, AnalyticsModule].map((module) =>
    partsOf(module.on(adapters)),
  );
}
