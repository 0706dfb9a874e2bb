import { defaultPolicy, type ActivityPolicy } from '@readership/contracts';
import { given } from '@readership/kernel/testing';
import { builds, type OfferedVersions } from './builds.decider.js';
import type { ModelVersions, FigureName, BuildsEvent } from './builds.events.js';

/** What a release offers: version 1 of everything, and other versions of one read model if given. */
const offering = (name: FigureName = 'volumes', first = 1, last = first): OfferedVersions => {
  const one = { first: 1, last: 1 };
  const all = { 'reader-activity': one, volumes: one, satisfaction: one, testimonials: one };
  return { ...all, [name]: { first, last } };
};
const versions = (build: number, change: ModelVersions = {}): ModelVersions => {
  const own = { version: 1, build };
  return { 'reader-activity': own, volumes: own, satisfaction: own, testimonials: own, ...change };
};

const short: ActivityPolicy = { ...defaultPolicy, windowMonths: 6 };
const started = (number: number, policy = defaultPolicy, timeZone = 'UTC'): BuildsEvent => ({
  type: 'BuildStarted',
  data: { number, policy, timeZone, editions: versions(number) },
});
const served = (number: number): BuildsEvent => ({ type: 'BuildServed', data: { number } });
const serving = [started(1), served(1)] as const;

const start = (policy = defaultPolicy, timeZone = 'UTC') =>
  ({ type: 'StartBuild', policy, timeZone, versions: offering() }) as const;
const begin = {
  type: 'BeginServing',
  policy: defaultPolicy,
  timeZone: 'UTC',
  versions: offering(),
} as const;

describe('the figures', () => {
  it('are served from the first build at once', () => {
    given(builds)
      .when(begin)
      .then(...serving);
    given(builds).when(start(short)).then(started(1, short), served(1));
  });

  it('go on being served from the build that was there', () =>
    given(builds, ...serving)
      .when(begin)
      .thenNothing());

  it('are built anew beside for another policy or time zone', () => {
    given(builds, ...serving)
      .when(start(short))
      .then(started(2, short));
    given(builds, ...serving)
      .when(start(defaultPolicy, 'Asia/Tokyo'))
      .then(started(2, defaultPolicy, 'Asia/Tokyo'));
  });

  it('stay as they are for the same policy, in whatever order its kinds are named', () =>
    given(builds, ...serving)
      .when(start({ ...defaultPolicy, qualifying: defaultPolicy.qualifying.toReversed() }))
      .thenNothing());

  it('are not built twice for the same policy', () =>
    given(builds, ...serving, started(2, short))
      .when(start(short))
      .thenNothing());

  it('leave a build unfinished when the policy changes again', () =>
    given(builds, ...serving, started(2, short))
      .when(start(short, 'Asia/Tokyo'))
      .then(started(3, short, 'Asia/Tokyo')));

  it('abandon a build when the policy changes back', () =>
    given(builds, ...serving, started(2, short))
      .when(start())
      .then({ type: 'BuildAbandoned', data: { number: 2 } }));

  it('are served from the new build once it has caught up', () =>
    given(builds, ...serving, started(2, short))
      .when({ type: 'ServeBuild', number: 2 })
      .then(served(2)));

  it('are not served from a build that was left or serves already', () => {
    given(builds, ...serving, started(2, short), started(3))
      .when({ type: 'ServeBuild', number: 2 })
      .thenNothing();
    given(builds, ...serving)
      .when({ type: 'ServeBuild', number: 1 })
      .thenNothing();
  });
});

const again = { type: 'Rebuild', model: 'volumes', version: 1 } as const;
const beside = (number: number, version = 1): BuildsEvent => ({
  type: 'BuildStarted',
  data: {
    number,
    policy: defaultPolicy,
    timeZone: 'UTC',
    editions: versions(1, { volumes: { version, build: number } }),
    rebuilds: 'volumes',
  },
});
const caughtUp = (number: number): BuildsEvent => ({
  type: 'BuildCaughtUp',
  data: { number, partitions: 2 },
});
const comparison = (partition: number) => ({ partition, offset: 7, live: 'a', built: 'b' });
const compared = (number: number, partition: number): BuildsEvent => ({
  type: 'PartitionCompared',
  data: { number, ...comparison(partition) },
});
const ready = [...serving, beside(2), caughtUp(2), compared(2, 0), compared(2, 1)] as const;

describe('a rebuild of one read model', () => {
  it('is begun beside, of the version that is asked for', () => {
    given(builds, ...serving)
      .when(again)
      .then(beside(2));
    given(builds, ...serving)
      .when({ ...again, version: 2 })
      .then(beside(2, 2));
  });

  it('is begun once', () =>
    given(builds, ...serving, beside(2))
      .when(again)
      .thenNothing());

  it('is refused while another build is under way', () => {
    given(builds, ...serving, beside(2))
      .when({ ...again, model: 'satisfaction' })
      .thenRefused('BUILD_UNDER_WAY');
    given(builds, ...serving, beside(2))
      .when({ ...again, version: 2 })
      .thenRefused('BUILD_UNDER_WAY');
    given(builds, ...serving, started(2, short))
      .when(again)
      .thenRefused('BUILD_UNDER_WAY');
  });

  it('catches up once', () => {
    const command = { type: 'CatchUp', number: 2, partitions: 2 } as const;
    given(builds, ...serving, beside(2))
      .when(command)
      .then(caughtUp(2));
    given(builds, ...serving, beside(2), caughtUp(2))
      .when(command)
      .thenNothing();
    given(builds, ...serving)
      .when(command)
      .thenNothing();
  });

  it('is compared once in each partition, after it has caught up', () => {
    const command = { type: 'Compare', number: 2, comparison: comparison(0) } as const;
    given(builds, ...serving, beside(2))
      .when(command)
      .thenNothing();
    given(builds, ...serving, beside(2), caughtUp(2))
      .when(command)
      .then(compared(2, 0));
    given(builds, ...serving, beside(2), caughtUp(2), compared(2, 0))
      .when(command)
      .thenNothing();
  });

  it('is switched to once it was compared everywhere, and once', () => {
    const command = { type: 'SwitchToRebuild', number: 2 } as const;
    given(builds, ...ready.slice(0, -1))
      .when(command)
      .thenRefused('NOT_COMPARED');
    given(builds, ...ready)
      .when(command)
      .then(served(2));
    given(builds, ...ready, served(2))
      .when(command)
      .thenNothing();
    given(builds, ...serving)
      .when(command)
      .thenRefused('UNKNOWN_REBUILD');
  });

  it('is abandoned at any time before', () => {
    const command = { type: 'AbandonRebuild', number: 2 } as const;
    const abandoned: BuildsEvent = { type: 'BuildAbandoned', data: { number: 2 } };
    given(builds, ...serving, beside(2))
      .when(command)
      .then(abandoned);
    given(builds, ...ready)
      .when(command)
      .then(abandoned);
    given(builds, ...ready, abandoned)
      .when(command)
      .thenNothing();
    given(builds, ...ready, served(2))
      .when(command)
      .thenRefused('UNKNOWN_REBUILD');
    given(builds, ...serving, started(2, short))
      .when(command)
      .thenRefused('UNKNOWN_REBUILD');
  });

  it('goes on when the same policy is set again, and is left for another', () => {
    given(builds, ...serving, beside(2))
      .when(start())
      .thenNothing();
    given(builds, ...serving, beside(2))
      .when(start(short))
      .then(started(3, short));
  });

  it('leaves the version of the policy as it was', () => {
    const state = [...ready, served(2)].reduce(builds.evolve, builds.initial);
    expect(state.serving).toMatchObject({ number: 2, policyVersion: 1 });
    expect(state.ended).toMatchObject([{ number: 2, rebuilds: 'volumes', outcome: 'switched' }]);
  });
});

describe('a read model that came with a release', () => {
  const one = { first: 1, last: 1 };
  const offers: OfferedVersions = { ...offering(), praise: { first: 1, last: 3 } };
  const add = { type: 'AddModels', versions: offers } as const;
  const praise = { version: 3, build: 2 };
  const added: BuildsEvent = {
    type: 'BuildStarted',
    data: {
      ...{ number: 2, policy: defaultPolicy, timeZone: 'UTC' },
      ...{ editions: { ...versions(1), praise }, adds: ['praise'] },
    },
  };

  it('is built beside the others, of the last version', () =>
    given(builds, ...serving)
      .when(add)
      .then(added));

  it('is built once, and not again when it serves', () => {
    given(builds, ...serving, added)
      .when(add)
      .thenNothing();
    given(builds, ...serving, added, served(2))
      .when(add)
      .thenNothing();
    given(builds, ...serving)
      .when({ ...add, versions: offering() })
      .thenNothing();
  });

  it('waits for the build that is under way', () => {
    given(builds, ...serving, started(2, short))
      .when(add)
      .thenNothing();
    given(builds, ...serving, beside(2))
      .when(add)
      .thenNothing();
  });

  it('does not make a release begin anew', () =>
    given(builds, ...serving)
      .when({ ...begin, versions: offers })
      .thenNothing());

  it('serves once it has caught up, under the same version of the policy', () => {
    given(builds, ...serving, added)
      .when({ type: 'ServeBuild', number: 2 })
      .then(served(2));
    const state = [...serving, added, served(2)].reduce(builds.evolve, builds.initial);
    expect(state.serving).toMatchObject({ number: 2, policyVersion: 1, models: { ...versions(1), praise } });
  });

  it('goes on when the same policy is set again, and is built with all others for another', () => {
    const again = { ...start(), versions: offers };
    given(builds, ...serving, added)
      .when(again)
      .thenNothing();
    given(builds, ...serving, added)
      .when({ ...again, policy: short })
      .then({
        type: 'BuildStarted',
        data: {
          ...{ number: 3, policy: short, timeZone: 'UTC' },
          editions: versions(3, { praise: { version: 3, build: 3 } }),
        },
      });
  });

  it('is not rebuilt before it serves', () => {
    const rebuild = { type: 'Rebuild', model: 'praise', version: 3 } as const;
    given(builds, ...serving)
      .when(rebuild)
      .thenRefused('BUILD_UNDER_WAY');
    given(builds, ...serving, added)
      .when(rebuild)
      .thenRefused('BUILD_UNDER_WAY');
    given(builds, ...serving, added)
      .when(again)
      .thenRefused('BUILD_UNDER_WAY');
  });

  it('is left alone by a release that does not know it', () =>
    given(builds, ...serving, added, served(2))
      .when({ ...begin, versions: { ...offering(), volumes: one } })
      .thenNothing());
});

describe('a release', () => {
  const newer = { ...begin, versions: offering('volumes', 2) };

  it('that has left a version behind serves from a new build at once', () =>
    given(builds, ...serving)
      .when(newer)
      .then(
        {
          type: 'BuildStarted',
          data: {
            number: 2,
            policy: defaultPolicy,
            timeZone: 'UTC',
            editions: versions(2, { volumes: { version: 2, build: 2 } }),
          },
        },
        served(2),
      ));

  it('leaves alone what a later one serves from', () =>
    given(builds, ...serving, beside(2, 2), caughtUp(2), compared(2, 0), compared(2, 1), served(2))
      .when(begin)
      .thenNothing());

  it('reads builds from before versions stood beside each other as of version 1', () => {
    const old: BuildsEvent = {
      type: 'BuildStarted',
      data: { number: 3, policy: defaultPolicy, timeZone: 'UTC' },
    };
    expect([old, served(3)].reduce(builds.evolve, builds.initial).serving).toMatchObject({
      number: 3,
      policyVersion: 3,
      models: versions(3),
    });
  });
});
