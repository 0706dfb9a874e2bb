import { Body, Controller, Inject, Post } from '@nestjs/common';
import { memoryAdapters } from '@readership/embedded';
import { EventStore, type Meta } from '@readership/kernel';
import { Needs } from './routes.js';
import { contextModule } from './context.js';
import { RequestMeta } from './request.js';
import { startApp, type TestApp } from '../testing/test-app.fixture.js';

@Controller('v1/bells')
@Needs('any credential')
class BellsController {
  constructor(@Inject(EventStore) private readonly store: EventStore) {}

  @Post()
  async ring(@Body() _body: unknown, @RequestMeta() meta: Meta): Promise<object> {
    await this.store.append(`bell-${meta.commandId}`, 0, [{ type: 'Rang', data: {} }], meta);
    return {};
  }
}

class BellsModule {}

const adapters = memoryAdapters();
let app: TestApp;
const ask = (body: object, context = '?context=feedback') =>
  app.when({ url: `/v1/republish${context}`, body });

beforeAll(async () => {
  app = await startApp(
    () => [
      contextModule(adapters, {
        name: 'feedback',
        module: BellsModule,
        publish: () => ({ key: 'bell', fact: { type: 'Rang', schema: 1, data: {} } }),
        checkFact: () => undefined,
        controllers: [BellsController],
      }),
    ],
    adapters,
  );
  for (let n = 0; n < 3; n++) await app.http({ url: '/v1/bells', body: {} });
  await app.settled();
});
afterAll(async () => {
  await app.close();
  await adapters.close();
});

describe('a context', () => {
  it('tells how far it has published', async () => {
    const { body } = await app.when({ url: '/v1/republish?context=feedback' }).then(200);
    expect(body).toEqual({ items: [{ partition: 0, published: 384, end: 384 }] });
  });

  it('publishes nothing again where nothing is missing', async () => {
    const { body } = await ask({ partition: 0 }).then(200);
    expect(body).toEqual({ after: 384, through: 384 });
  });

  it('refuses what it has not, and what cannot be', async () => {
    await ask({ partition: 0 }, '').then(422, { code: 'CONTEXT_REQUIRED' });
    await ask({ partition: 0 }, '?context=analytics').then(404, { code: 'UNKNOWN_CONTEXT' });
    await ask({ partition: 7 }).then(404, { code: 'UNKNOWN_PARTITION' });
    await ask({ partition: 0, from: 999 }).then(422, { code: 'BEYOND_THE_END' });
    await ask({ partition: 0, from: 2 }).then(409, { code: 'LOG_IS_WHOLE' });
    await ask({ partition: 0, from: 0 }).then(422);
    await ask({ partition: 0, before: 2 }).then(422);
  });
});
