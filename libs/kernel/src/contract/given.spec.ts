import type { Decider } from '../write/decider.js';
import type { Event } from '../event.js';
import { given, projected } from './given.js';
import type { Keyed, Projection } from '../read/projection.js';
import { Refusal } from '../refusal.js';

type Opened = Event<'Opened', { by: string; at: number }>;
type Closed = Event<'Closed', Record<string, never>>;

const opened: Opened = { type: 'Opened', data: { by: 'desk', at: 9 } };
const closed: Closed = { type: 'Closed', data: {} };

const door: Decider<'shut' | 'open', 'open' | 'close' | 'break', Opened | Closed> = {
  category: 'door',
  initial: 'shut',
  decide(command, state) {
    if (command === 'break') throw new TypeError('a bug');
    if (command === 'open') return state === 'open' ? [] : [opened];
    if (state === 'shut') throw new Refusal('SHUT', 'conflict', 'It is shut.');
    return [closed];
  },
  evolve: (_, event) => (event.type === 'Opened' ? 'open' : 'shut'),
};

describe('given, when, then for a decider', () => {
  it('holds when the events are those expected, whatever the order of their fields', () =>
    given(door)
      .when('open')
      .then({ data: { at: 9, by: 'desk' }, type: 'Opened' }));
  it('folds what is given', () => given(door, opened).when('close').then(closed));
  it('holds when nothing follows', () => given(door, opened).when('open').thenNothing());
  it('holds when it is refused with that code', () => given(door).when('close').thenRefused('SHUT'));

  it.each<[string, () => void]>([
    ['other events follow', () => given(door).when('open').then(closed)],
    [
      'other data follows',
      () =>
        given(door)
          .when('open')
          .then({ ...opened, data: { by: 'desk', at: 10 } }),
    ],
    ['fewer events follow', () => given(door).when('open').then(opened, closed)],
    ['something follows', () => given(door).when('open').thenNothing()],
    ['it is not refused', () => given(door).when('open').thenRefused('SHUT')],
    ['it is refused with another code', () => given(door).when('close').thenRefused('OPEN')],
    ['it is refused where events were expected', () => given(door).when('close').then(closed)],
    ['it breaks where a refusal was expected', () => given(door).when('break').thenRefused('SHUT')],
  ])('fails when %s', (_, claim) => expect(claim).toThrow());
});

interface Visited extends Keyed {
  readonly type: 'Visited' | 'Forgotten';
}
const visits: Projection<Visited, { visits: number }> = {
  name: 'visits',
  version: 1,
  on: ['Visited', 'Forgotten'],
  key: (event) => (event.key === 'nobody' ? null : event.key),
  apply: (row, event) => (event.type === 'Forgotten' ? null : { visits: (row?.visits ?? 0) + 1 }),
};
const visited = (key: string): Visited => ({ type: 'Visited', key });

describe('given, then for a projection', () => {
  it('applies each event to the row of its key', () => {
    const seen = projected(visits, visited('ada'), visited('bob'), visited('ada'), visited('nobody'));
    seen.thenRow('ada', { visits: 2 });
    seen.thenRow('bob', { visits: 1 });
    seen.thenRow('nobody', null);
    expect(seen.rows.size).toBe(2);
  });
  it('deletes a row that becomes null', () =>
    projected(visits, visited('ada'), { type: 'Forgotten', key: 'ada' }).thenRow('ada', null));
  it('fails when the row is another', () =>
    expect(() => projected(visits, visited('ada')).thenRow('ada', { visits: 2 })).toThrow('visits'));
});
