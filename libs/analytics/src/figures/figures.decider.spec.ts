import { defaultPolicy, type ActivityPolicy } from '@readership/contracts';
import { given } from '@readership/kernel/testing';
import { figures } from './figures.decider.js';
import type { FiguresEvent } from './figures.events.js';

const short: ActivityPolicy = { ...defaultPolicy, windowMonths: 6 };
const started = (number: number, policy = defaultPolicy, timeZone = 'UTC'): FiguresEvent => ({
  type: 'BuildStarted',
  data: { number, policy, timeZone },
});
const served = (number: number): FiguresEvent => ({ type: 'BuildServed', data: { number } });
const serving = [started(1), served(1)] as const;

const start = (policy = defaultPolicy, timeZone = 'UTC') =>
  ({ type: 'StartBuild', policy, timeZone }) as const;
const begin = { type: 'BeginServing', policy: defaultPolicy, timeZone: 'UTC' } as const;

describe('the figures', () => {
  it('are served from the first build at once', () => {
    given(figures)
      .when(begin)
      .then(...serving);
    given(figures).when(start(short)).then(started(1, short), served(1));
  });

  it('go on being served from the build that was there', () =>
    given(figures, ...serving)
      .when(begin)
      .thenNothing());

  it('are built anew beside for another policy or time zone', () => {
    given(figures, ...serving)
      .when(start(short))
      .then(started(2, short));
    given(figures, ...serving)
      .when(start(defaultPolicy, 'Asia/Tokyo'))
      .then(started(2, defaultPolicy, 'Asia/Tokyo'));
  });

  it('stay as they are for the same policy, in whatever order its kinds are named', () =>
    given(figures, ...serving)
      .when(start({ ...defaultPolicy, qualifying: defaultPolicy.qualifying.toReversed() }))
      .thenNothing());

  it('are not built twice for the same policy', () =>
    given(figures, ...serving, started(2, short))
      .when(start(short))
      .thenNothing());

  it('leave a build unfinished when the policy changes again', () =>
    given(figures, ...serving, started(2, short))
      .when(start(short, 'Asia/Tokyo'))
      .then(started(3, short, 'Asia/Tokyo')));

  it('abandon a build when the policy changes back', () =>
    given(figures, ...serving, started(2, short))
      .when(start())
      .then({ type: 'BuildAbandoned', data: { number: 2 } }));

  it('are served from the new build once it has caught up', () =>
    given(figures, ...serving, started(2, short))
      .when({ type: 'ServeBuild', number: 2 })
      .then(served(2)));

  it('are not served from a build that was left or serves already', () => {
    given(figures, ...serving, started(2, short), started(3))
      .when({ type: 'ServeBuild', number: 2 })
      .thenNothing();
    given(figures, ...serving)
      .when({ type: 'ServeBuild', number: 1 })
      .thenNothing();
  });
});
