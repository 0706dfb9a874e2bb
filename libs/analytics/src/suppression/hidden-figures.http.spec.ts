import { memoryAdapters } from '@readership/embedded';
import { issuedKey, startApp, type TestApp } from '@readership/host/testing';
import type { Adapters } from '@readership/kernel';
import { randomUUID } from 'node:crypto';
import { AnalyticsModule } from '../analytics.module.js';
import { neighbours, type Neighbours } from '../neighbours.fixture.js';

const libraries = { A: 'CITY', B: 'CITY', C: 'CITY', D: 'TOWN' };
let now: number;
let adapters: Adapters;
let others: Neighbours;
let app: TestApp;
let analyst: string;

beforeEach(async () => {
  now = Date.parse('2024-07-15T12:00:00Z');
  adapters = memoryAdapters({ partitions: 2 });
  others = neighbours(adapters);
  app = await startApp((on) => [AnalyticsModule.on(on)], adapters, { now: () => new Date(now) });
  for (const id of ['CITY', 'TOWN']) await others.publish('LibraryAdded', `library-${id}`, { id, name: id });
  for (const [id, library] of Object.entries(libraries))
    await others.publish('BranchAdded', `branch-${id}`, { id, name: id, library, timeZone: 'UTC' });
  analyst = await issuedKey(app, adapters, [{ role: 'analyst', scopes: ['consortium'] }]);
});
afterEach(async () => {
  await app.close();
  await adapters.close();
});

/** So many testimonials of a branch are received on a day. */
async function receive(count: number, branch: string, receivedOn: string): Promise<void> {
  for (let n = 0; n < count; n++) {
    const testimonial = randomUUID();
    await others.publish('TestimonialReceived', testimonial, { testimonial, receivedOn, branch });
  }
}

interface Asked {
  readonly from?: string;
  readonly to?: string;
  readonly grain?: string;
  readonly key?: string;
}

/** The testimonials of a scope by period; `hidden` where they are. */
async function testimonials(
  scope: string,
  { from = '2024-05', to = '2024-05', grain = 'month', key = analyst }: Asked = {},
) {
  await app.settled();
  const query = `scope=${scope}&from=${from}&to=${to}&grain=${grain}`;
  const { body } = await app.when({ url: `/v1/metrics/testimonials?${query}`, key }).then(200);
  return body.points.map(({ value, suppressed }: { value: number | null; suppressed?: true }) =>
    suppressed ? 'hidden' : value,
  );
}

const ofBranches = () => Promise.all(['A', 'B', 'C', 'D'].map((id) => testimonials(`branch:${id}`)));

describe('figures about fewer than five', () => {
  beforeEach(async () => {
    for (const [branch, count] of Object.entries({ A: 3, B: 9, C: 6, D: 7 }))
      await receive(count, branch, '2024-05-05');
  });

  it('are hidden with their n from whoever may not see persons, and so is the smallest beside them', async () => {
    expect(await ofBranches()).toEqual([['hidden'], [9], ['hidden'], [7]]);
    expect(await testimonials('library:CITY')).toEqual([18]);
    expect(await testimonials('branch:A,branch:B')).toEqual(['hidden']);
    const query = 'scope=branch:A&from=2024-04&to=2024-05&compare=previous';
    const { body } = await app.when({ url: `/v1/metrics/testimonials?${query}`, key: analyst }).then(200);
    const [april, may] = body.points;
    expect(april).toEqual({ period: '2024-04', value: 0, n: 0, complete: true });
    expect(may).toEqual({ period: '2024-05', value: null, n: null, suppressed: true, complete: true });
  });

  it('are shown to whoever may', async () => {
    const manager = await issuedKey(app, adapters, [{ role: 'branch-manager', scopes: ['branch:A'] }]);
    expect(await testimonials('branch:A', { key: manager })).toEqual([3]);
    expect(await testimonials('branch:A', { key: app.key })).toEqual([3]);
  });

  it('hide the longer periods from which they could be subtracted', async () => {
    await receive(8, 'A', '2024-04-05');
    await receive(6, 'A', '2024-06-05');
    const spring = { from: '2024-04', to: '2024-06' };
    expect(await testimonials('branch:A', spring)).toEqual([8, 'hidden', 6]);
    expect(await testimonials('branch:A', { ...spring, grain: 'quarter' })).toEqual(['hidden']);
    expect(await testimonials('branch:A', { ...spring, grain: 'year' })).toEqual(['hidden']);
    expect(await testimonials('branch:B', { ...spring, grain: 'quarter' })).toEqual([9]);
  });

  it('are shown together for the consortium, when what is hidden are five', async () => {
    await receive(2, 'A', '2024-01-05');
    await receive(9, 'A', '2024-02-05');
    await receive(3, 'A', '2024-03-05');
    await receive(4, 'A', '2023-12-05');
    const months = { from: '2023-12', to: '2024-03' };
    expect(await testimonials('consortium', months)).toEqual(['hidden', 'hidden', 9, 'hidden']);
    expect(await testimonials('consortium', { ...months, grain: 'quarter' })).toEqual(['hidden', 14]);
    expect(await testimonials('library:CITY', { ...months, grain: 'quarter' })).toEqual(['hidden', 'hidden']);
    const manager = await issuedKey(app, adapters, [{ role: 'branch-manager', scopes: ['branch:B'] }]);
    const quarter = { from: '2024-01', to: '2024-03', grain: 'quarter' };
    expect(await testimonials('consortium', { ...quarter, key: manager })).toEqual(['hidden']);
    // Afterwards January would be what the quarter has more.
    await receive(7, 'B', '2024-03-05');
    await app.settled();
    now += 20 * 60_000;
    expect(await testimonials('consortium', quarter)).toEqual([21]);
  });

  it('stay hidden when they are five, and what was hidden beside them too', async () => {
    expect(await testimonials('branch:A')).toEqual(['hidden']);
    await receive(40, 'C', '2024-05-06');
    await receive(10, 'A', '2024-05-06');
    now += 20 * 60_000;
    expect(await ofBranches()).toEqual([['hidden'], [9], ['hidden'], [7]]);
  });

  it('are hidden when they become so few', async () => {
    const url = '/v1/metrics/lost-readers?scope=branch:D&from=2024-05&to=2024-05';
    const readers = Array.from({ length: 7 }, () => randomUUID());
    for (const personId of readers) {
      await others.publish('PatronRegistered', personId, {
        ...{ personId, homeBranch: 'D', enrolledOn: '2024-02-05' },
      });
      await others.publish('PatronClosed', personId, { personId, reason: 'moved', on: '2024-05-05' });
    }
    await app.settled();
    await app.when({ url, key: analyst }).then(200, { points: [{ value: 7 }] });
    for (const personId of readers.slice(3))
      await others.publish('PatronReopened', personId, { personId, on: '2024-05-06' });
    await app.settled();
    await app.when({ url, key: analyst }).then(200, { points: [{ value: null, suppressed: true }] });
  });

  it('are soon not given away by the figures beside them when they come late', async () => {
    expect(await testimonials('library:TOWN')).toEqual([7]);
    await others.publish('BranchAdded', 'branch-E', { id: 'E', name: 'E', library: 'TOWN', timeZone: 'UTC' });
    expect(await testimonials('branch:E')).toEqual([0]);
    await receive(2, 'E', '2024-05-06');
    now += 60_000;
    const town = await Promise.all(['library:TOWN', 'branch:D', 'branch:E'].map((of) => testimonials(of)));
    expect(town).toEqual([[9], ['hidden'], ['hidden']]);
  });

  it('are hidden alike by every replica', async () => {
    expect(await ofBranches()).toEqual([['hidden'], [9], ['hidden'], [7]]);
    // By the counts of now, another process would hide B beside A.
    await receive(20, 'C', '2024-05-06');
    await app.settled();
    await app.close();
    app = await startApp((on) => [AnalyticsModule.on(on)], adapters, { now: () => new Date(now) });
    expect(await ofBranches()).toEqual([['hidden'], [9], ['hidden'], [7]]);
  });

  it('of a branch stay secret when it changes its library', async () => {
    expect(await testimonials('library:CITY')).toEqual([18]);
    await others.publish('BranchTransferred', 'branch-A', { id: 'A', library: 'TOWN' });
    expect(await testimonials('library:CITY')).toEqual(['hidden']);
    expect(await testimonials('library:TOWN')).toEqual(['hidden']);
    expect(await testimonials('consortium')).toEqual([25]);
  });
});

describe('figures of the consortium alone are shown', () => {
  beforeEach(async () => {
    for (const branch of ['A', 'B', 'C', 'D']) await receive(8, branch, '2024-07-05');
  });

  it('while a period runs', async () => {
    const july = { from: '2024-07', to: '2024-07' };
    expect(await testimonials('branch:A', july)).toEqual(['hidden']);
    expect(await testimonials('consortium', july)).toEqual([32]);
    now = Date.parse('2024-08-01T12:00:00Z');
    expect(await testimonials('branch:A', july)).toEqual([8]);
  });

  it('while not everything is counted, until the month was judged', async () => {
    const july = { from: '2024-07', to: '2024-07' };
    const june = { from: '2024-06', to: '2024-06' };
    expect(await testimonials('branch:A', june)).toEqual([0]);
    now = Date.parse('2024-08-01T12:00:00Z');
    const { knownEnds } = adapters.eventLog;
    adapters.eventLog.knownEnds = () => null;
    expect(await testimonials('branch:A', july)).toEqual(['hidden']);
    expect(await testimonials('consortium', july)).toEqual([32]);
    adapters.eventLog.knownEnds = knownEnds;
    expect(await testimonials('branch:A', july)).toEqual([8]);
    adapters.eventLog.knownEnds = () => null;
    expect(await testimonials('branch:A', july)).toEqual([8]);
  });
});

describe('whoever sees the persons of some branches', () => {
  it('sees no figure of the consortium that gives away the others', async () => {
    await receive(30, 'A', '2024-05-05');
    await receive(3, 'B', '2024-05-05');
    await receive(30, 'A', '2024-04-05');
    await receive(6, 'B', '2024-04-05');
    const manager = await issuedKey(app, adapters, [{ role: 'branch-manager', scopes: ['branch:A'] }]);
    const spring = { from: '2024-04', to: '2024-05', key: manager };
    expect(await testimonials('branch:A', spring)).toEqual([30, 30]);
    expect(await testimonials('consortium', spring)).toEqual([36, 'hidden']);
  });
});

describe('whoever knows those of a branch exactly', () => {
  /** What a manager of A is told of the consortium in May, and in April of its current readers. */
  async function told(): Promise<readonly (number | null)[]> {
    await app.settled();
    const key = await issuedKey(app, adapters, [{ role: 'branch-manager', scopes: ['branch:A'] }]);
    const of = async (metric: string, month = '2024-05') => {
      const url = `/v1/metrics/${metric}?scope=consortium&from=${month}&to=${month}`;
      return (await app.when({ url, key }).then(200)).body.points[0].value;
    };
    const flows = ['new-readers', 'reactivated-readers', 'lost-readers', 'current-readers'];
    return [
      ...(await Promise.all(flows.map((metric) => of(metric)))),
      await of('current-readers', '2024-04'),
    ];
  }

  async function join(count: number, homeBranch: string, enrolledOn: string, closedOn?: string) {
    for (let n = 0; n < count; n++) {
      const personId = randomUUID();
      await others.publish('PatronRegistered', personId, { personId, homeBranch, enrolledOn });
      if (closedOn === undefined) continue;
      await others.publish('PatronClosed', personId, { personId, reason: 'moved', on: closedOn });
      await others.publish('PatronReopened', personId, { personId, on: '2024-05-05' });
    }
  }

  it('does not work out the new readers of the others from what becomes of all', async () => {
    await join(9, 'A', '2024-02-05');
    await join(9, 'D', '2024-02-05');
    await join(9, 'A', '2024-05-05');
    await join(2, 'D', '2024-05-05');
    expect(await told()).toEqual([null, null, null, 29, 18]);
  });

  it('does not work out the reactivated readers of the others from what becomes of all', async () => {
    await join(9, 'D', '2024-02-05');
    await join(9, 'A', '2024-02-05', '2024-03-05');
    await join(2, 'D', '2024-02-05', '2024-03-05');
    expect(await told()).toEqual([0, null, null, 20, 9]);
  });
});

describe('reasons of losses', () => {
  it('are left out where they give away others to whoever knows those of a branch', async () => {
    const leave = async (count: number, homeBranch: string, reason: 'moved' | 'not-renewed') => {
      for (let n = 0; n < count; n++) {
        const personId = randomUUID();
        await others.publish('PatronRegistered', personId, {
          personId,
          homeBranch,
          enrolledOn: '2024-02-05',
        });
        await others.publish('PatronClosed', personId, { personId, reason, on: '2024-05-05' });
      }
    };
    await leave(6, 'A', 'moved');
    await leave(6, 'A', 'not-renewed');
    await leave(6, 'D', 'moved');
    await leave(2, 'D', 'not-renewed');
    await app.settled();
    const key = await issuedKey(app, adapters, [{ role: 'branch-manager', scopes: ['branch:A'] }]);
    const url = '/v1/metrics/lost-readers?scope=consortium&from=2024-05&to=2024-05';
    const { body } = await app.when({ url, key }).then(200);
    expect(body.points).toEqual([{ period: '2024-05', value: 20, n: 20, complete: true }]);
  });

  it('are left out where one is a few', async () => {
    for (let n = 0; n < 12; n++) {
      const personId = randomUUID();
      await others.publish('PatronRegistered', personId, {
        ...{ personId, homeBranch: 'D', enrolledOn: '2024-02-05' },
      });
      const reason = n < 3 ? 'not-renewed' : 'moved';
      await others.publish('PatronClosed', personId, { personId, reason, on: '2024-05-05' });
    }
    await app.settled();
    const url = '/v1/metrics/lost-readers?scope=consortium&from=2024-05&to=2024-05';
    const { body } = await app.when({ url, key: analyst }).then(200);
    expect(body.points).toEqual([{ period: '2024-05', value: 12, n: 12, complete: true }]);
    const exact = await app.when({ url }).then(200);
    expect(exact.body.points[0].reasons).toEqual({ lapsed: 0, expired: 3, closed: 9, erased: 0 });
  });
});

describe('moves between branches', () => {
  it('are not told by the moves of their library or of both together', async () => {
    const move = async (count: number, from: string, to: string) => {
      for (let n = 0; n < count; n++) {
        const personId = randomUUID();
        await others.publish('PatronRegistered', personId, {
          ...{ personId, homeBranch: from, enrolledOn: '2024-02-05' },
        });
        await others.publish('PatronMoved', personId, { personId, homeBranch: to, since: '2024-05-05' });
      }
    };
    await move(6, 'A', 'D');
    await move(6, 'D', 'B');
    const movedIn = async (scope: string, key: string) => {
      await app.settled();
      const url = `/v1/metrics/moved-in-readers?scope=${scope}&from=2024-05&to=2024-05`;
      return (await app.when({ url, key }).then(200)).body.points[0].value;
    };
    expect(await movedIn('library:CITY', analyst)).toBe(6);
    await move(2, 'A', 'B');
    now += 20 * 60_000;
    expect(await movedIn('branch:B', analyst)).toBe(8);
    expect(await movedIn('library:CITY', analyst)).toBe(null);
    expect(await movedIn('branch:A,branch:B', analyst)).toBe(null);
    expect(await movedIn('branch:A,branch:B', app.key)).toBe(6);
  });
});
