import { adaptersOver, openDriver, type SqlDriver } from '@readership/embedded';
import { startApp, type TestApp } from '@readership/host/testing';
import { FeedbackModule } from '../feedback.module.js';

const masterKey = Buffer.alloc(32, 1);
const databases = new Map<string, SqlDriver>();
let app: TestApp;

async function start(): Promise<void> {
  const adapters = adaptersOver(
    (name) => {
      const driver = databases.get(name) ?? openDriver(':memory:');
      databases.set(name, driver);
      return {
        exec: (sql) => driver.exec(sql),
        prepare: (sql) => driver.prepare(sql),
        transaction: (work) => driver.transaction(work),
        close: () => undefined,
      };
    },
    { masterKey },
  );
  const now = () => new Date('2024-04-10T12:00:00Z');
  app = await startApp((ports) => [FeedbackModule.on(ports)], adapters, { now });
}
afterEach(async () => {
  await app.close();
  for (const driver of databases.values()) driver.close();
});

it('testimonials are listed without the texts whose keys were destroyed, and without a damaged one', async () => {
  await start();
  for (const id of ['a', 'b'])
    await app
      .when({ url: '/v1/testimonials', body: { id, receivedOn: '2024-04-02', text: 'Thanks.' } })
      .then(201);
  await app.settled();
  await app.close();
  const feedback = databases.get('feedback')!;
  feedback.prepare('DELETE FROM keys').run([]);
  await start();
  const list = { url: '/v1/testimonials' };
  await app.when(list).then(200, { items: [{ text: null }, { text: null }] });
  await app.when({ url: '/v1/testimonials/a' }).then(200, { status: 'received', text: null });
  await app
    .when({ url: '/v1/testimonials/a/approve', body: {} })
    .then(200, { status: 'approved', text: null });

  feedback.prepare(`UPDATE commits SET body = '' WHERE stream = 'testimonial-b'`).run([]);
  await app
    .when(list)
    .then(200, ({ items }: { items: { id: string }[] }) => expect(items.map(({ id }) => id)).toEqual(['a']));
  await app.when({ url: '/v1/testimonials/b' }).thenRefused(409, 'STREAM_DAMAGED');
});
