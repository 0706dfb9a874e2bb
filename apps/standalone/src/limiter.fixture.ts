import { Unavailable } from '@readership/kernel';
import type { RateLimiter } from '@readership/host';
import { RateLimiterRes } from 'rate-limiter-flexible';

export type LimiterState = 'pass' | 'too many' | 'server away';

/** A rate limiter that lets requests pass, refuses them, or cannot reach its server. */
export const limiterThat = (state: () => LimiterState): RateLimiter => ({
  consume: () => {
    if (state() === 'server away') return Promise.reject(new Unavailable('STORE_UNAVAILABLE', 'test'));
    const left = new RateLimiterRes(state() === 'pass' ? 9 : 0, 1000, 1, false);
    return state() === 'pass' ? Promise.resolve(left) : Promise.reject(left);
  },
});
