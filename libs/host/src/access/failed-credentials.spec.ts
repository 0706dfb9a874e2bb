import { Unavailable } from '@readership/kernel';
import { setImmediate } from 'node:timers/promises';
import { FailedCredentials } from './failed-credentials.js';

let ms: number;
let tries: number;
let failures: FailedCredentials;
beforeEach(() => {
  ms = 1000;
  tries = 0;
  failures = new FailedCredentials(() => ms);
});

const here = '192.0.2.1';
const right = async (): Promise<string> => {
  tries++;
  await setImmediate();
  return 'who';
};
const wrong = async (): Promise<null> => {
  tries++;
  await setImmediate();
  return null;
};
const many = async (times: number, look: () => Promise<string | null>, address = here) =>
  Promise.allSettled(Array.from({ length: times }, () => failures.attempt(address, look)));
const codesOf = (results: readonly PromiseSettledResult<unknown>[]) =>
  results.flatMap((one) => (one.status === 'rejected' ? [(one.reason as { code: string }).code] : []));
const tooMany = { status: 429, code: 'TOO_MANY_FAILURES' };

describe('an address', () => {
  it('may try 59 wrong credentials in a minute, and then a right one', async () => {
    for (let n = 0; n < 59; n++) expect(await failures.attempt(here, wrong)).toBeNull();
    expect(await failures.attempt(here, right)).toBe('who');
  });

  it('may try none after 60 in a minute, and is told when it may again', async () => {
    for (let n = 0; n < 60; n++) {
      ms += 100;
      await failures.attempt(here, wrong);
    }
    // The minute began with the first of them.
    ms = 31_100;
    await expect(failures.attempt(here, right)).rejects.toMatchObject({
      ...tooMany,
      more: { retryAfterS: 30 },
    });
    ms = 61_099;
    await expect(failures.attempt(here, right)).rejects.toMatchObject({
      ...tooMany,
      more: { retryAfterS: 1 },
    });
    expect(tries).toBe(60);
    ms = 61_100;
    expect(await failures.attempt(here, right)).toBe('who');
  });

  it('is not limited by what others try', async () => {
    await many(60, wrong);
    expect(await failures.attempt('192.0.2.2', right)).toBe('who');
    await expect(failures.attempt(here, right)).rejects.toMatchObject(tooMany);
  });

  it('is limited by the wrong credentials that needed no look-up', async () => {
    for (let n = 0; n < 60; n++) failures.note(here);
    await expect(failures.attempt(here, right)).rejects.toMatchObject(tooMany);
    expect(tries).toBe(0);
  });
});

describe('of many credentials at the same moment', () => {
  it('no more are tried than one after the other', async () => {
    const codes = codesOf(await many(500, wrong));
    expect(tries).toBe(60);
    expect(codes).toEqual(Array.from({ length: 440 }, () => 'TOO_MANY_FAILURES'));
  });

  it('all are accepted when they are right, some at a time', async () => {
    let most = 0;
    let underWay = 0;
    const look = async (): Promise<string | null> => {
      most = Math.max(most, ++underWay);
      await setImmediate();
      underWay--;
      return right();
    };
    for (let n = 0; n < 50; n++) failures.note(here);
    expect(codesOf(await many(200, look))).toEqual([]);
    expect([tries, most]).toEqual([200, 10]);
  });

  it('none waits for those that cannot be tried', async () => {
    const away = async (): Promise<null> => {
      tries++;
      await setImmediate();
      throw new Unavailable('STORE_UNAVAILABLE', 'test');
    };
    expect(codesOf(await many(500, away))).toEqual(Array.from({ length: 500 }, () => 'STORE_UNAVAILABLE'));
    expect(tries).toBe(60);
    // They were not wrong.
    expect(codesOf(await many(60, right))).toEqual([]);
  });
});
