import { fileAdapters, openDriver } from '@readership/embedded';
import { eventually } from '@readership/host';
import { startApp, testKeys } from '@readership/host/testing';
import type { Adapters, LogConsumer } from '@readership/kernel';
import { around } from '@readership/kernel/testing';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AnalyticsModule } from '../analytics.module.js';
import { testimonials } from '../satisfaction/testimonials.tally.js';
import { offered, type Offered } from './figure-models.js';

/** The databases of a data folder as the first release with figures left it, with a build of four read models. */
const kept = join(import.meta.dirname, '../../../embedded/fixtures/format-1');

const withFifth: Offered = {
  ...offered,
  praise: { 1: () => ({ tally: { ...testimonials(1), name: 'praise' } }) },
};

let folder: string;
let adapters: Adapters;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'readership-kept-'));
  for (const name of ['log', 'analytics']) {
    const driver = openDriver(join(folder, `${name}.db`));
    driver.exec(readFileSync(join(kept, `${name}.sql`), 'utf8'));
    driver.close();
  }
  adapters = await fileAdapters({ folder, ...testKeys, contexts: [AnalyticsModule.store] });
});
afterEach(async () => {
  await adapters.close();
  rmSync(folder, { recursive: true });
});

it('the figures of a kept folder are served by a release with a fifth read model, which is built beside', async () => {
  let goOn = (): void => undefined;
  const held = new Promise<void>((resolve) => (goOn = resolve));
  const consume = (consumer: LogConsumer) =>
    adapters.eventLog.consume({
      ...consumer,
      take: async (partition, records) => {
        if (consumer.group === 'analytics.figures.2') await held;
        await consumer.take(partition, records);
      },
    });
  const slow = around(adapters, { eventLog: around(adapters.eventLog, { consume }) });
  const app = await startApp((on) => [AnalyticsModule.on(on, withFifth)], slow);
  try {
    const figures = async () => {
      const found: Record<string, unknown> = {};
      let build = '';
      for (const metric of ['loans', 'visits', 'active-readers', 'nps', 'testimonials']) {
        const url = `/v1/metrics/${metric}?scope=branch:KEPT-1&from=2024-01&to=2024-12&grain=year`;
        const { body } = await app.when({ url }).then(200);
        found[metric] = body.points[0].value;
        build = body.asOf.split(':')[0];
      }
      return { build, found };
    };
    const models = adapters.readModels('analytics');
    const stored = async (name: string) => (await models.models()).filter((id) => id.startsWith(`${name}.v`));
    const cells = async (id: string) => [...(await models.cells(id, [{ from: '', to: '\uffff' }]))].sort();

    const before = await figures();
    expect(before).toMatchObject({ build: '1', found: { loans: 1, visits: 1, testimonials: 1 } });
    // The fifth is begun, and has no record yet.
    await app.when({ url: '/readyz', key: null }).then(200);
    expect(await cells('praise.v1.2')).toEqual([]);
    expect((await figures()).build).toBe('1');

    goOn();
    const served = await eventually(async () => ((await figures()).build === '2' ? true : null), 20_000);
    expect(served).toBe(true);
    expect(await figures()).toEqual({ ...before, build: '2' });
    await app.settled();
    expect(await stored('testimonials')).toEqual(['testimonials.v1.1']);
    expect(await stored('praise')).toEqual(['praise.v1.2']);
    const praise = await cells('praise.v1.2');
    expect(praise).toEqual(await cells('testimonials.v1.1'));
    expect(praise).not.toEqual([]);
  } finally {
    goOn();
    await app.close();
  }
}, 60_000);
