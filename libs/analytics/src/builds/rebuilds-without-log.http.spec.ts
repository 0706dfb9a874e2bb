import { memoryAdapters } from '@readership/embedded';
import { eventually } from '@readership/host';
import { startApp } from '@readership/host/testing';
import { Unavailable, type Adapters } from '@readership/kernel';
import { AnalyticsModule } from '../analytics.module.js';
import { neighbours } from '../neighbours.fixture.js';
import type { Rebuild } from './rebuilds.js';

const partitions = 3;
const url = '/v1/rebuilds?context=analytics';

it('a rebuild can be begun, looked at and abandoned while the log is away, and goes on when it is back', async () => {
  const adapters: Adapters = memoryAdapters({ partitions });
  const app = await startApp((on) => [AnalyticsModule.on(on)], adapters);
  try {
    const { publish } = neighbours(adapters);
    for (const id of ['NORTH', 'SOUTH', 'EAST', 'WEST'])
      await publish('BranchAdded', `branch-${id}`, { id, name: id, library: 'C', timeZone: 'UTC' });
    await app.settled();
    const { eventLog } = adapters;
    const { ends, knownEnds } = eventLog;
    eventLog.ends = () => Promise.reject(new Unavailable('LOG_UNAVAILABLE', 'spec'));
    eventLog.knownEnds = () => null;
    const noEnds = Array.from({ length: partitions }, (_, partition) => ({ partition, end: null }));
    const begin = async (): Promise<number> => {
      const { body } = await app.when({ url, body: { model: 'volumes' } }).then(201, { progress: noEnds });
      return body.id;
    };
    const one = async (id: number): Promise<Rebuild> =>
      (await app.when({ url: `/v1/rebuilds/${id}?context=analytics` }).then(200)).body;

    const first = await begin();
    expect(await one(first)).toMatchObject({ state: 'building', progress: noEnds });
    const abandon = { method: 'POST', url: `/v1/rebuilds/${first}/abandon?context=analytics` };
    await app.when(abandon).then(200, { state: 'abandoned' });
    const second = await begin();
    await app.when({ url }).then(200, {
      items: [
        { id: second, state: 'building', progress: noEnds },
        { id: first, state: 'abandoned' },
      ],
    });

    Object.assign(eventLog, { ends, knownEnds });
    const isCompared = async () => ((await one(second)).state === 'compared' ? true : null);
    expect(await eventually(isCompared, 20_000)).toBe(true);
    const { parity, progress } = await one(second);
    expect(parity!.equal).toBe(true);
    expect(progress!.map(({ end }) => end)).toEqual(await eventLog.ends());
  } finally {
    await app.close();
    await adapters.close();
  }
});
