import { memoryAdapters } from '@readership/embedded';
import { eventually } from '@readership/host';
import { startApp, type TestApp } from '@readership/host/testing';
import { AnalyticsModule } from '../analytics.module.js';
import { neighbours } from '../neighbours.fixture.js';
import { offered, type Offered } from './figure-models.js';

/** The release before, which had one version of every read model of the figures. */
const before: Offered = {
  ...offered,
  'reader-activity': { 1: offered['reader-activity'][1]! },
  satisfaction: { 1: offered.satisfaction[1]! },
};

const person = '00000000-0000-4000-8000-000000000001';

it('an upgrade keeps what the first versions counted until it is switched to the last', async () => {
  const adapters = memoryAdapters({ partitions: 3 });
  const others = neighbours(adapters);
  const start = (by: Offered): Promise<TestApp> =>
    startApp((on) => [AnalyticsModule.on(on, by)], adapters, {
      now: () => new Date('2024-07-15T12:00:00.000Z'),
    });
  let app = await start(before);
  for (const id of ['NORTH', 'SOUTH'])
    await others.publish('BranchAdded', `branch-${id}`, { id, name: id, library: 'C', timeZone: 'UTC' });
  await others.publish('PatronRegistered', person, {
    ...{ personId: person, homeBranch: 'NORTH', enrolledOn: '2024-05-10' },
  });
  await others.publish('PatronMoved', person, {
    ...{ personId: person, homeBranch: 'SOUTH', since: '2024-04-01' },
  });
  const scores = ['a', 'b'].map((question) => ({ question, type: 'nps' as const, score: 10 }));
  await others.publish('SurveyAnswered', 'response-1', {
    ...{ survey: 's', response: '1', answeredAt: '2024-05-10T10:00:00.000Z', branch: 'NORTH', scores },
  });
  await app.settled();
  await app.close();
  app = await start(offered);
  const inMay = async (metric: string, branch: string): Promise<number> => {
    const url = `/v1/metrics/${metric}?from=2024-05&to=2024-05&scope=branch:${branch}`;
    return (await app.when({ url }).then(200)).body.points[0].n;
  };
  const counted = async () => [
    await inMay('current-readers', 'NORTH'),
    await inMay('current-readers', 'SOUTH'),
    await inMay('nps', 'NORTH'),
  ];
  expect(await counted()).toEqual([1, 0, 2]);
  for (const model of ['reader-activity', 'satisfaction']) {
    const { body } = await app.when({ url: '/v1/rebuilds?context=analytics', body: { model } }).then(201);
    expect(body).toMatchObject({ model, version: 3 });
    const compared = await eventually(async () => {
      const { body: one } = await app.when({ url: `/v1/rebuilds/${body.id}?context=analytics` }).then(200);
      return one.state === 'compared' ? one : null;
    }, 20_000);
    expect(compared).toMatchObject({ parity: { equal: false } });
    await app.when({ url: `/v1/rebuilds/${body.id}/switch?context=analytics`, method: 'POST' }).then(200);
  }
  expect(await counted()).toEqual([0, 1, 1]);
  await app.close();
  await adapters.close();
});
