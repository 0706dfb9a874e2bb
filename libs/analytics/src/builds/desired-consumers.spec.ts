import { defaultPolicy } from '@readership/contracts';
import { testimonials } from '../satisfaction/testimonials.tally.js';
import { builds } from './builds.decider.js';
import type { BuildsEvent, ModelVersions, StartedBuild } from './builds.events.js';
import { desired, identityOf } from './desired-consumers.js';
import { offered, type Offered } from './figure-models.js';

const all = (build: number): ModelVersions => {
  const first = { version: 1, build };
  return { 'reader-activity': first, volumes: first, satisfaction: first, testimonials: first };
};
const started = (number: number, more: Partial<StartedBuild> = {}): BuildsEvent => ({
  type: 'BuildStarted',
  data: { number, policy: defaultPolicy, timeZone: 'UTC', editions: all(number), ...more },
});
const served = (number: number): BuildsEvent => ({ type: 'BuildServed', data: { number } });
const rebuilt = (version = 1) =>
  started(2, { editions: { ...all(1), volumes: { version, build: 2 } }, rebuilds: 'volumes' });
const caughtUp: BuildsEvent = { type: 'BuildCaughtUp', data: { number: 2, partitions: 3 } };

const large = 1_000_000;
const newer: Offered = {
  ...offered,
  praise: { 1: () => ({ tally: { ...testimonials(), name: 'praise' } }) },
};

const consumersOf = (events: readonly BuildsEvent[], by = offered, windowMax = large) =>
  desired(events.reduce(builds.evolve, builds.initial), by, windowMax);

/** Each consumer as `<group> <window>: <models>`, with the name and the build of each model. */
const described = (...args: Parameters<typeof consumersOf>) =>
  consumersOf(...args).map(({ group, window, models }) => {
    const names = models.map(({ id }) => `${id.split('.')[0]}/${id.split('.').at(-1)}`);
    return `${group} ${window}: ${names.join(' ')}`;
  });

const first = 'analytics.figures.1 5000: reader-activity/1 volumes/1 satisfaction/1 testimonials/1';
const second = 'reader-activity/2 volumes/2 satisfaction/2 testimonials/2';

describe('the consumers that must run', () => {
  it('are none before there is a build', () => expect(described([])).toEqual([]));

  it('are one for the build that serves', () => expect(described([started(1), served(1)])).toEqual([first]));

  it('are one more for a build of another policy, in a larger window, until it serves', () => {
    const beside = [started(1), served(1), started(2, { timeZone: 'Asia/Tokyo' })];
    expect(described(beside)).toEqual([first, `analytics.figures.2 20000: ${second}`]);
    expect(described([...beside, served(2)])).toEqual([`analytics.figures.2 5000: ${second}`]);
    const abandoned: BuildsEvent = { type: 'BuildAbandoned', data: { number: 2 } };
    expect(described([...beside, abandoned])).toEqual([first]);
  });

  it('are one more for the read model of a rebuild, and one for all of them when it has caught up', () => {
    const beside = [started(1), served(1), rebuilt()];
    expect(described(beside)).toEqual([first, 'analytics.figures.2 20000: volumes/2']);
    expect(described([...beside, caughtUp])).toEqual([`${first} volumes/2`]);
    const [{ compares, models }] = consumersOf([...beside, caughtUp]) as ReturnType<typeof consumersOf> &
      [any];
    expect(compares).toEqual({ build: 2, live: models[1].id, built: models[4].id });
    expect(described([...beside, caughtUp, served(2)])).toEqual([
      'analytics.figures.2 5000: reader-activity/1 volumes/2 satisfaction/1 testimonials/1',
    ]);
  });

  it('are one more for a read model that is built for the first time', () => {
    const editions = { ...all(1), praise: { version: 1, build: 2 } };
    const beside = [started(1), served(1), started(2, { editions, adds: ['praise'] })];
    expect(described(beside, newer)).toEqual([first, 'analytics.figures.2 20000: praise/2']);
    expect(described([...beside, served(2)], newer)).toEqual([
      `${first.replace('figures.1', 'figures.2')} praise/2`,
    ]);
  });

  it('take no larger window than the log gives', () => {
    const beside = [started(1), served(1), started(2, { timeZone: 'Asia/Tokyo' })];
    expect(consumersOf(beside, offered, 500).map(({ window }) => window)).toEqual([500, 500]);
  });

  it('leave out what only a later release knows', () => {
    const editions = { ...all(1), praise: { version: 1, build: 2 } };
    const beside = [started(1), served(1), started(2, { editions, adds: ['praise'] })];
    expect(described(beside)).toEqual([first]);
    expect(described([...beside, served(2)])).toEqual([first.replace('figures.1', 'figures.2')]);
    expect(described([started(1), served(1), rebuilt(3)])).toEqual([first]);
    expect(described([started(1), served(1), rebuilt(3), caughtUp])).toEqual([first]);
  });

  it('are not known to a release that does not have a version that serves', () =>
    expect(() => described([started(1), served(1), rebuilt(3), caughtUp, served(2)])).toThrow(
      expect.objectContaining({ code: 'NOT_OFFERED', kind: 'not-yet' }),
    ));
});

describe('two consumers', () => {
  const [one] = consumersOf([started(1), served(1)]);

  it('are the same when they do the same', () =>
    expect(identityOf(consumersOf([started(1), served(1)])[0]!)).toBe(identityOf(one!)));

  it.each([
    ['group', { group: 'another' }],
    ['window', { window: 50_000 }],
    ['read models', { models: one!.models.slice(1) }],
    ['rebuild', { compares: { build: 2, live: 'a', built: 'b' } }],
  ])('are not the same with another %s', (_, change) =>
    expect(identityOf({ ...one!, ...change })).not.toBe(identityOf(one!)),
  );
});
