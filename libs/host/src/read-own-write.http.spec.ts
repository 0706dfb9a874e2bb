import type { DynamicModule } from '@nestjs/common';
import { memoryAdapters } from '@readership/embedded';
import { ReadModels, type Adapters } from '@readership/kernel';
import { doorsContext, knock, positionOf } from '../testing/doors.fixture.js';
import { startApp, type TestApp } from '../testing/test-app.fixture.js';
import { contextModule } from './context.js';
import { RunningContext } from './running-context.js';

const modules = (ports: Adapters): DynamicModule[] => [contextModule(ports, doorsContext())];

let adapters: Adapters;
let app: TestApp;
beforeEach(async () => {
  adapters = memoryAdapters({ partitions: 3 });
  app = await startApp(modules, adapters);
});
afterEach(async () => {
  await app.close();
  await adapters.close();
});

describe('a read after a write', () => {
  const doorsOf = (count: number) => Array.from({ length: count }, (_, n) => `door-${n}`);
  const readAll = async (by: TestApp, doors: readonly string[], from: TestApp = by): Promise<void> => {
    for (const door of doors) {
      const after = positionOf(await from.when(knock(door)).then(201));
      for (const model of ['own', 'heard']) {
        await by.when({ url: `/v1/doors/${door}/${model}?after=${after}` }).then(200, { row: { knocks: 1 } });
      }
    }
  };

  it('asks the store for no checkpoint while the processors of its process do the work', async () => {
    await app.settled();
    let looks = 0;
    const checkpoint = adapters.readModels('feedback').checkpoint;
    const models = app.app.get(ReadModels, { strict: false });
    models.checkpoint = (...args) => {
      looks++;
      return checkpoint.apply(models, args);
    };
    await readAll(app, doorsOf(12));
    expect(looks).toBe(0);
  });

  it('sees the write whichever of two processes works on its partition', async () => {
    const other = await startApp(modules, adapters);
    try {
      await readAll(other, doorsOf(12), app);
      const never = Buffer.from('{"c":"feedback","p":{"0":[1e9,1e9]}}').toString('base64url');
      await other.when({ url: `/v1/doors/x/heard?after=${never}` }).thenRefused(503, 'NOT_YET_APPLIED');
      const waiters = [app, other].map((one) => one.app.get(RunningContext, { strict: false }).moved.waiters);
      expect(waiters).toEqual([0, 0]);
    } finally {
      await other.close();
    }
  });
});
