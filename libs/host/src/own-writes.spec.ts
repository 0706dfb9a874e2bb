import { jest } from '@jest/globals';
import { OwnWrites } from './own-writes.js';

let ownWrites: OwnWrites;
beforeEach(() => {
  jest.useFakeTimers();
  ownWrites = new OwnWrites();
});
afterEach(() => jest.useRealTimers());

it('the last write of each principal is known for ten seconds', () => {
  ownWrites.wrote('desk', 'p1');
  ownWrites.wrote('office', 'p2');
  ownWrites.wrote('desk', 'p3');
  expect(['desk', 'office', 'nobody'].map((who) => ownWrites.of(who))).toEqual(['p3', 'p2', undefined]);
  jest.advanceTimersByTime(9_999);
  expect(ownWrites.of('desk')).toBe('p3');
  jest.advanceTimersByTime(1);
  expect(ownWrites.of('desk')).toBeUndefined();
});

it('ten thousand principals are remembered, and who wrote longest ago is forgotten first', () => {
  ownWrites.wrote('first', 'p');
  ownWrites.wrote('second', 'p');
  ownWrites.wrote('first', 'p again');
  for (let n = 0; n < 9_999; n++) ownWrites.wrote(`other ${n}`, 'p');
  expect([ownWrites.of('first'), ownWrites.of('second')]).toEqual(['p again', undefined]);
});
