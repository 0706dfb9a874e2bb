import { Body, Controller, Inject, Post } from '@nestjs/common';
import { memoryAdapters } from '@readership/embedded';
import { EventStore, ReadModels, type LogRecord, type Meta, type Projection } from '@readership/kernel';
import { Needs } from './routes.js';
import { contextModule } from './context.js';
import { RequestMeta } from './request.js';
import { startApp, type TestApp } from '../testing/test-app.fixture.js';

interface Rang {
  readonly type: 'Rang';
  readonly key: string;
  readonly data: { readonly bell: string };
}

/** True while the handler behaves like a release that cannot apply the record. */
let broken = true;
const rings = (name: string): Projection<Rang, { readonly rings: number }> => ({
  name,
  version: 1,
  on: ['Rang'],
  key: ({ key }) => key,
  apply: (row, { key }) => {
    if (broken && key === 'cracked') throw new Error('cannot be applied');
    return { rings: (row?.rings ?? 0) + 1 };
  },
});

@Controller('v1/bells')
@Needs('any credential')
class BellsController {
  constructor(@Inject(EventStore) private readonly store: EventStore) {}

  @Post()
  async ring(@Body() body: unknown, @RequestMeta() meta: Meta): Promise<object> {
    const { bell } = body as { bell: string };
    await this.store.append(`bell-${meta.commandId}`, 0, [{ type: 'Rang', data: { bell } }], meta);
    return {};
  }
}

class BellsModule {}

const adapters = memoryAdapters();
let app: TestApp;
const ring = (bell: string) => app.http({ url: '/v1/bells', body: { bell } });
const parked = (query = '') => app.http({ url: `/v1/parked?context=feedback${query}` });
const tell = (what: 'replay', model: string, key = 'cracked', once?: string) =>
  app.when({
    url: `/v1/parked/${what}?context=feedback`,
    body: { model, partition: 0, key },
    ...(once === undefined ? {} : { headers: { 'idempotency-key': once } }),
  });

beforeEach(async () => {
  broken = true;
});
beforeAll(async () => {
  app = await startApp(
    () => [
      contextModule(adapters, {
        name: 'feedback',
        module: BellsModule,
        publish: ({ data }) => ({
          key: (data as Rang['data']).bell,
          fact: { type: 'Rang', schema: 1, data: data as object },
        }),
        checkFact: () => undefined,
        controllers: [BellsController],
        own: { models: [{ projection: rings('own') }] },
        log: {
          models: [{ projection: rings('heard') }],
          decode: (record: LogRecord): Rang => ({
            type: 'Rang',
            key: record.key,
            data: JSON.parse(record.body) as Rang['data'],
          }),
        },
      }),
    ],
    adapters,
  );
  for (const bell of ['whole', 'cracked', 'whole', 'cracked', 'cracked']) await ring(bell);
  await app.settled();
});
afterAll(async () => {
  await app.close();
  await adapters.close();
});

describe('what is parked', () => {
  it('is listed in pages, by model and offset, without its content', async () => {
    const all = (await parked()).body.items as { model: string; reason: string; offset: number }[];
    expect(all.map(({ model, reason }) => [model, reason])).toEqual([
      ['heard.v1', 'CANNOT_APPLY'],
      ['heard.v1', 'BEHIND_PARKED'],
      ['heard.v1', 'BEHIND_PARKED'],
      ['own.v1', 'CANNOT_APPLY'],
      ['own.v1', 'BEHIND_PARKED'],
      ['own.v1', 'BEHIND_PARKED'],
    ]);
    expect(Object.keys(all[0]!).sort()).toEqual([
      'from',
      'key',
      'model',
      'offset',
      'partition',
      'reason',
      'type',
    ]);
    const paged: unknown[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { body } = await parked(`&limit=2${cursor && `&cursor=${cursor}`}`);
      expect(body.items.length).toBeLessThanOrEqual(2);
      paged.push(...body.items);
      cursor = body.nextCursor;
    }
    expect(paged).toEqual(all);
  });

  it('cannot be replayed while it still cannot be applied, and is then left as it is', async () => {
    await tell('replay', 'heard.v1').thenRefused(409, 'STILL_CANNOT_APPLY');
    expect((await parked()).body.items).toHaveLength(6);
  });

  it('is replayed in order, from the log and from the context itself, and what was done is recorded', async () => {
    broken = false;
    await tell('replay', 'heard.v1').then(200, { replayed: 3 });
    // A repeated request is told what was done, and it is recorded once.
    for (let times = 0; times < 2; times++) {
      await tell('replay', 'own.v1', 'cracked', 'one').then(200, { replayed: 3 });
    }
    await tell('replay', 'own.v1').then(200, { replayed: 0 });
    for (const model of ['heard.v1', 'own.v1']) {
      expect(await adapters.readModels('feedback').get(model, 'cracked')).toEqual({ rings: 3 });
    }
    await app.settled();
    const store = adapters.eventStore('feedback', () => ({ key: '', fact: null }));
    const types = (await store.readPage(0, 0, 100)).map(({ type, fact }) => [type, fact !== null]);
    expect(types.filter(([type]) => type !== 'Rang')).toEqual([
      ['ParkedReplayed', false],
      ['ParkedReplayed', false],
    ]);
    expect((await parked()).body).toEqual({ items: [], nextCursor: null });
  });

  it('is given up one record at a time', async () => {
    for (let ringing = 0; ringing < 2; ringing++) await ring('cracked');
    await app.settled();
    const items = (await parked()).body.items as { model: string; offset: number }[];
    const [first, second] = items.filter(({ model }) => model === 'heard.v1').map(({ offset }) => offset);
    const discard = (model: string, offset?: number) =>
      app.when({
        url: '/v1/parked/discard?context=feedback',
        body: { model, partition: 0, key: 'cracked', offset },
      });
    await discard('heard.v1').then(422);
    await discard('heard.v1', second).thenRefused(409, 'NOT_FIRST_PARKED');
    await discard('heard.v1', first).then(200, { discarded: first });
    await discard('heard.v1', first).then(200, { discarded: null });
    await discard('heard.v1', second).then(200, { discarded: second });
    await discard('heard.v1', second).then(200, { discarded: null });
    const own = items.filter(({ model }) => model === 'own.v1').map(({ offset }) => offset);
    for (const [n, offset] of own.entries()) {
      const request = {
        url: '/v1/parked/discard?context=feedback',
        body: { model: 'own.v1', partition: 0, key: 'cracked', offset },
        headers: { 'idempotency-key': `own ${n}` },
      };
      // A crash between the record of the act and the act: the repeated request does the rest, and records nothing more.
      const models = app.app.get(ReadModels, { strict: false });
      const { commit } = models;
      models.commit = async (model, partition, batch) => {
        if (batch.unparked.length > 0) throw new Error('crashed');
        return commit.call(models, model, partition, batch);
      };
      await app.when(request).then(500);
      expect((await parked()).body.items).toHaveLength(own.length - n);
      models.commit = commit;
      for (let times = 0; times < 2; times++) await app.when(request).then(200, { discarded: offset });
    }
    await app.when({ url: '/v1/audit/log?context=feedback' }).then(200, { holds: true });
    await app.settled();
    const { body } = await app.when({ url: '/v1/audit/acts?context=feedback' }).then(200);
    const acts = body.items as { kind: string; actor: string; of: { model: string; key: string } }[];
    expect(acts.map(({ kind, actor, of }) => [kind, actor, of.model, of.key])).toEqual([
      ...['heard.v1', 'own.v1'].map((model) => ['ParkedReplayed', 'admin', model, 'cracked']),
      ...['heard.v1', 'heard.v1'].map((model) => ['ParkedDiscarded', 'admin', model, 'cracked']),
      ...own.map(() => ['ParkedDiscarded', 'admin', 'own.v1', 'cracked']),
    ]);
  });

  it('of a model or partition that is not here is not found', async () => {
    await tell('replay', 'nothing.v1').thenRefused(404, 'UNKNOWN_MODEL');
    await app.when({ url: '/v1/parked?context=analytics' }).thenRefused(404, 'UNKNOWN_CONTEXT');
    await app.when({ url: '/v1/parked' }).thenRefused(422, 'CONTEXT_REQUIRED');
    await app
      .when({ url: '/v1/parked/replay?context=feedback', body: { model: 'own.v1', partition: 7, key: 'k' } })
      .thenRefused(404, 'UNKNOWN_PARTITION');
  });
});
