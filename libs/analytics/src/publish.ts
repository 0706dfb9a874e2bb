import { fact } from '@readership/contracts';
import type { Publish } from '@readership/kernel';
import type { CostEvent } from './costs/cost.events.js';
import type { BuildsEvent } from './builds/builds.events.js';
import type { HiddenFiguresEvent } from './suppression/hidden-figures.events.js';

export type AnalyticsEvent = CostEvent | BuildsEvent | HiddenFiguresEvent;

/** What other contexts may know of an event of analytics. */
export const publish: Publish<AnalyticsEvent> = (event, stream) => {
  switch (event.type) {
    case 'CostStated': {
      const { branch, month, category, amount, was } = event.data;
      const { minor, currency } = amount;
      return {
        key: stream,
        fact: fact('CostStated', {
          branch,
          month,
          category,
          amount: { minor, currency },
          was: was && { minor: was.minor, currency: was.currency },
        }),
      };
    }
    case 'BuildStarted':
    case 'BuildCaughtUp':
    case 'PartitionCompared':
    case 'BuildServed':
    case 'BuildAbandoned':
    case 'FiguresHidden':
      return { key: stream, fact: null };
  }
};
