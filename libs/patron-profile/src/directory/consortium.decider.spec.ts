import { defaultPolicy } from '@readership/contracts';
import { given } from '@readership/kernel/testing';
import { consortium, type ConsortiumSettings } from './consortium.decider.js';

const settings: ConsortiumSettings = {
  name: 'Lakeside',
  timeZone: 'Europe/Vienna',
  currency: 'EUR',
  fiscalYearStartMonth: 7,
  activityPolicy: defaultPolicy,
  patronLookup: 'consortium',
};
const configure = (change: Partial<ConsortiumSettings> = {}) =>
  ({ type: 'ConfigureConsortium', settings: { ...settings, ...change } }) as const;
const configured = { type: 'ConsortiumConfigured', data: settings } as const;

describe('the consortium', () => {
  it('is configured', () => given(consortium).when(configure()).then(configured));

  it('stays as it is when the same is put again', () =>
    given(consortium, configured).when(configure()).thenNothing());

  it('stays as it is when the same kinds come in another order, or twice', () => {
    const qualifying = [...defaultPolicy.qualifying, ...defaultPolicy.qualifying].reverse();
    given(consortium, configured)
      .when(configure({ activityPolicy: { ...defaultPolicy, qualifying } }))
      .thenNothing();
  });

  it('was one point of contact before it could say otherwise', () => {
    const { name, timeZone, currency, fiscalYearStartMonth, activityPolicy } = settings;
    const older = { name, timeZone, currency, fiscalYearStartMonth, activityPolicy };
    const before = { type: 'ConsortiumConfigured', data: older } as const;
    given(consortium, before).when(configure()).thenNothing();
    given(consortium, before)
      .when(configure({ patronLookup: 'library' }))
      .then({ type: 'ConsortiumConfigured', data: { ...settings, patronLookup: 'library' } });
  });

  it('changes as a whole', () =>
    given(consortium, configured)
      .when(configure({ timeZone: 'UTC' }))
      .then({ type: 'ConsortiumConfigured', data: { ...settings, timeZone: 'UTC' } }));
});
