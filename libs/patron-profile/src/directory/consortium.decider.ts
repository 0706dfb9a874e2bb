import { interactionKinds, type FactData } from '@readership/contracts';
import type { Decider } from '@readership/kernel';
import type { ConsortiumEvent, PatronLookup } from './directory.events.js';

export type ConsortiumSettings = FactData<'ConsortiumConfigured'> & { readonly patronLookup: PatronLookup };

/** `null` until it is configured. */
export type Consortium = ConsortiumSettings | null;

export interface ConfigureConsortium {
  readonly type: 'ConfigureConsortium';
  readonly settings: ConsortiumSettings;
}

/** The only stream is `consortium-main`. */
export const consortium: Decider<Consortium, ConfigureConsortium, ConsortiumEvent> = {
  category: 'consortium',
  initial: null,

  decide(command, state) {
    const settings = tidy(command.settings);
    if (state !== null && JSON.stringify(settings) === JSON.stringify(tidy(state))) return [];
    return [{ type: 'ConsortiumConfigured', data: settings }];
  },

  evolve(_state, event) {
    return { ...event.data, patronLookup: event.data.patronLookup ?? 'consortium' };
  },
};

/** The settings in one form: fields and kinds in a fixed order, each kind once. */
function tidy({
  name,
  timeZone,
  currency,
  fiscalYearStartMonth,
  activityPolicy,
  patronLookup,
}: ConsortiumSettings): ConsortiumSettings {
  const { windowMonths, digital } = activityPolicy;
  const qualifying = interactionKinds.filter((kind) => activityPolicy.qualifying.includes(kind));
  return {
    name,
    timeZone,
    currency,
    fiscalYearStartMonth,
    activityPolicy: { qualifying, windowMonths, digital },
    patronLookup,
  };
}
