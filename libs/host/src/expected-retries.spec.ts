import { Refusal, Stale, Unavailable } from '@readership/kernel';
import { ExpectedRetries } from './expected-retries.js';

const told = async (retries: ExpectedRetries) =>
  Object.fromEntries(
    (await retries.counter.get()).values.map(({ labels, value }) => [labels['reason'], value]),
  );

it.each([
  ['stale-commit', new Stale('reader-activity.v1/3 is no longer at 12')],
  ['rebalance', Object.assign(new Error('REBALANCE_IN_PROGRESS'), { name: 'LostPlace' })],
  ['busy', new Unavailable('BUSY', 'too much waits for its order')],
  ['busy', new Refusal('BUSY', 'not-yet', 'Others are changing the same record.')],
])('counts %s, which is no reason to warn', async (reason, error) => {
  const retries = new ExpectedRetries();
  expect([retries.counts(error), retries.counts(error)]).toEqual([true, true]);
  expect(await told(retries)).toEqual({ [reason]: 2 });
});

it.each([
  ['an error of which nothing is known', new Error('reader-activity.v1/3')],
  ['a server that is away', new Unavailable('STORE_UNAVAILABLE', 'MongoNetworkError')],
  ['another refusal', new Refusal('UNKNOWN_BRANCH', 'unknown', 'There is no such branch.')],
  ['what is no error', 'Stale'],
])('leaves %s to the log', async (_what, error) => {
  const retries = new ExpectedRetries();
  expect(retries.counts(error)).toBe(false);
  expect(await told(retries)).toEqual({});
});
