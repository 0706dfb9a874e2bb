import { contextNames } from '@readership/contracts';
import { atRest, waitForAccounts, type ContextAudit } from './accounts.js';
import type { Answered } from './readership-client.js';

const account = (context: string, unpublished = 0, lag = 0, jobs = 0): ContextAudit => ({
  context,
  partitions: [{ partition: 0, recorded: 3, published: 3 - unpublished, privateOnly: 0, unpublished }],
  projections: [
    { name: 'p', partition: 0, published: 3, applied: 3 - lag, skipped: 0, parked: 0, lag },
    { name: 'q', partition: 0, published: 3, applied: 2, skipped: 0, parked: 1, lag: 0 },
  ],
  jobs,
  holds: true,
});

/** A service whose accounts are at rest from the `rounds`-th request on. */
function service(rounds: number) {
  const asked: string[] = [];
  return {
    asked,
    async send<T>(method: string, path: string): Promise<Answered<T>> {
      asked.push(`${method} ${path}`);
      const context = path.slice('/v1/audit/log?context='.length);
      const late = context === 'analytics' && asked.length < rounds * contextNames.length;
      return { status: 200, body: account(context, 0, late ? 1 : 0) as T, position: null, etag: null };
    },
  };
}

describe('accounts are at rest', () => {
  it('when nothing is unpublished and nothing lags; what is parked does not count', () =>
    expect(atRest(contextNames.map((context) => account(context)))).toBe(true));

  it.each([
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ])('not with %i unpublished, %i behind and %i jobs in one of them', (unpublished, lag, jobs) =>
    expect(atRest([account('feedback'), account('analytics', unpublished, lag, jobs)])).toBe(false),
  );
});

describe('waiting for the accounts', () => {
  it('asks every context again until they are as wanted', async () => {
    const client = service(2);
    const accounts = await waitForAccounts(client, 10_000, atRest);
    expect(accounts.map(({ context }) => context)).toEqual(contextNames);
    expect(atRest(accounts)).toBe(true);
    const round = contextNames.map((context) => `GET /v1/audit/log?context=${context}`);
    expect(client.asked).toEqual([...round, ...round]);
  });

  it('gives the last ones when the time is over', async () => {
    const client = service(1_000);
    expect(atRest(await waitForAccounts(client, 300, atRest))).toBe(false);
    expect(client.asked.length).toBeGreaterThan(contextNames.length);
  });

  it('asks once when there is no time to wait', async () => {
    const client = service(2);
    expect(atRest(await waitForAccounts(client, 0, atRest))).toBe(false);
    expect(client.asked).toHaveLength(contextNames.length);
  });

  it('fails when a context does not answer', async () => {
    const send = () => Promise.reject(new Error('away'));
    await expect(waitForAccounts({ send }, 10_000, atRest)).rejects.toThrow('away');
  });
});
