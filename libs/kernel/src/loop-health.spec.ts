import { LoopHealth, reported, type LoopReport } from './loop-health.js';
import { Unavailable } from './unavailable.js';

const away = new Unavailable('LOG_UNAVAILABLE', 'gone');
const start = Date.parse('2026-03-01T10:00:00.000Z');
let now: number;
let health: LoopHealth;
let relay: LoopReport;

beforeEach(() => {
  now = start;
  health = new LoopHealth(() => now);
  relay = health.report({ loop: 'relay', context: 'feedback', partition: 0 });
});

const after = (seconds: number): void => void (now = start + seconds * 1000);
/** Reports a loop that tries every five seconds and fails each time, until `seconds` have passed. */
const failingUntil = (report: LoopReport, seconds: number): void => {
  for (let second = 0; second <= seconds; second += 5) {
    after(second);
    report.began();
    report.failed(away);
  }
};

describe('a loop', () => {
  it('that has failed for 60 s is failing, since its first failure', () => {
    failingUntil(relay, 55);
    after(59.9);
    expect(health.failing()).toEqual([]);
    after(60);
    expect(health.failing()).toEqual([
      {
        loop: 'relay',
        context: 'feedback',
        partitions: [0],
        since: '2026-03-01T10:00:00.000Z',
        reason: 'LOG_UNAVAILABLE',
      },
    ]);
  });

  it('that succeeds once is not failing any more, and has 60 s again', () => {
    failingUntil(relay, 60);
    relay.began();
    relay.succeeded();
    expect(health.failing()).toEqual([]);
    relay.failed(away);
    after(119);
    expect(health.failing()).toEqual([]);
  });

  it('that was idle for an hour is not failing at its first failure', () => {
    relay.began();
    relay.succeeded();
    after(3_600);
    expect(health.failing()).toEqual([]);
    relay.began();
    relay.failed(away);
    expect(health.failing()).toEqual([]);
  });

  it('that hangs in a step for 60 s is failing', () => {
    after(5);
    relay.began();
    after(64);
    expect(health.failing()).toEqual([]);
    after(65);
    expect(health.failing()).toMatchObject([{ since: '2026-03-01T10:00:05.000Z', reason: 'NO_ANSWER' }]);
    after(36_000);
    expect(health.failing()).toHaveLength(1);
    relay.succeeded();
    expect(health.failing()).toEqual([]);
  });

  it('that failed and then hangs is failing since it failed', () => {
    relay.began();
    relay.failed(away);
    after(10);
    relay.began();
    after(60);
    expect(health.failing()).toMatchObject([
      { since: '2026-03-01T10:00:00.000Z', reason: 'LOG_UNAVAILABLE' },
    ]);
  });

  it('that is not tried any more, since another process has its partition, is not failing', () => {
    failingUntil(relay, 60);
    after(179);
    expect(health.failing()).toHaveLength(1);
    after(180);
    expect(health.failing()).toEqual([]);
  });

  it('that ended is not failing', () => {
    failingUntil(relay, 60);
    relay.ended();
    expect(health.failing()).toEqual([]);
  });

  it('may be allowed to fail for another time, or not at all', () => {
    const boot = health.report({ loop: 'start', context: 'feedback' }, { toleratedMs: 0 });
    boot.began();
    boot.failed(away);
    expect(health.failing()).toMatchObject([{ loop: 'start', reason: 'LOG_UNAVAILABLE' }]);
  });
});

it('the partitions of a loop are told together, other loops and contexts by themselves', () => {
  const second = health.report({ loop: 'relay', context: 'feedback', partition: 2 });
  const feed = health.report({ loop: 'own feed', context: 'feedback', partition: 1 });
  const other = health.report({ loop: 'relay', context: 'analytics', partition: 0 });
  relay.succeeded();
  for (const report of [other, second, feed]) {
    report.failed(new TypeError('text of a reader'));
    after(1);
  }
  after(61);
  expect(health.failing()).toEqual([
    { loop: 'relay', context: 'analytics', partitions: [0], since: expect.any(String), reason: 'TypeError' },
    { loop: 'relay', context: 'feedback', partitions: [2], since: expect.any(String), reason: 'TypeError' },
    {
      loop: 'own feed',
      context: 'feedback',
      partitions: [1],
      since: expect.any(String),
      reason: 'TypeError',
    },
  ]);
});

it('a step reports its beginning and how it ended', async () => {
  const told: string[] = [];
  const report: LoopReport = {
    began: () => told.push('began'),
    succeeded: () => told.push('succeeded'),
    failed: (error) => told.push((error as Error).message),
    ended: () => told.push('ended'),
  };
  expect(await reported(report, async () => 7)).toBe(7);
  await expect(reported(report, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(told).toEqual(['began', 'succeeded', 'began', 'no']);
});
