import { memoryAdapters } from '@readership/embedded';
import { issuedKey, startApp, type TestApp } from '@readership/host/testing';
import { ReadModels, type Adapters } from '@readership/kernel';
import { randomUUID } from 'node:crypto';
import { AnalyticsModule } from '../analytics.module.js';
import { neighbours, type Neighbours } from '../neighbours.fixture.js';

let now: number;
let adapters: Adapters;
let others: Neighbours;
let app: TestApp;

beforeEach(async () => {
  now = Date.parse('2024-04-15T12:00:00Z');
  adapters = memoryAdapters({ partitions: 2 });
  others = neighbours(adapters);
  app = await startApp((on) => [AnalyticsModule.on(on)], adapters, { now: () => new Date(now) });
  await others.publish('LibraryAdded', 'library-CITY', { id: 'CITY', name: 'City' });
  for (const id of ['A', 'B'])
    await others.publish('BranchAdded', `branch-${id}`, { id, name: id, library: 'CITY', timeZone: 'UTC' });
});
afterEach(async () => {
  await app.close();
  await adapters.close();
});

/** So many readers of a branch come once, on a day. */
async function visit(count: number, branch: string, day: string): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    const personId = randomUUID();
    ids.push(personId);
    await others.publish('PatronRegistered', personId, {
      ...{ personId, homeBranch: branch, enrolledOn: '2023-01-01' },
    });
    await others.publish('InteractionRecorded', personId, {
      ...{ interaction: personId, reference: null },
      now: {
        ...{ time: `${day}T10:00:00.000Z`, kind: 'loan', branch, quantity: 1 },
        ...{ startedBy: 'patron', digital: false },
      },
    });
  }
  return ids;
}

describe('a question about more than a century', () => {
  it('reads of the branches no year in which nobody was counted', async () => {
    await visit(7, 'A', '2024-01-03');
    await app.settled();
    const read: string[] = [];
    const models = app.app.get(ReadModels, { strict: false });
    const { cells } = models;
    models.cells = (model, ranges) => {
      read.push(...ranges.flatMap(({ from, to }) => (from.startsWith('new|A|') ? `${from} ${to}` : [])));
      return cells.call(models, model, ranges);
    };
    const key = await issuedKey(app, adapters, [{ role: 'analyst', scopes: ['consortium'] }]);
    const url = '/v1/metrics/new-readers?from=1900-01&to=2024-12&grain=year';
    await app.when({ url, key }).then(200);
    expect(read).toEqual(['new|A|2023-01 new|A|2024-03~']);
  });
});

describe('a running year', () => {
  it('does not give away the users of the other branches to a manager, whose months alone and last twelve do not', async () => {
    await visit(20, 'A', '2024-04-03');
    await visit(6, 'B', '2023-06-03');
    // Of the others' users in this year four have moved, so that two are left; of the last twelve months there are more.
    const six = await visit(6, 'B', '2024-01-03');
    for (const personId of six.slice(2))
      await others.publish('PatronMoved', personId, { personId, homeBranch: 'A', since: '2024-04-02' });
    await app.settled();
    const manager = await issuedKey(app, adapters, [{ role: 'branch-manager', scopes: ['branch:A'] }]);
    const year = async (scope: string) => {
      const url = `/v1/metrics/frequency?scope=${scope}&from=2024-01&to=2024-12&grain=year`;
      return (await app.when({ url, key: manager }).then(200)).body.points[0];
    };
    expect((await year('branch:A')).n).toBe(24);
    expect(await year('consortium')).toMatchObject({ n: null, suppressed: true });
  });
});
