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

it('responses are listed without the comments whose keys were destroyed, and without a damaged one', async () => {
  await start();
  const question = { id: 'remark', type: 'text', text: 'What else?' };
  const survey = { id: 'spring', title: 'Spring', language: 'en', questions: [question] };
  await app.when({ url: '/v1/surveys', body: survey }).then(201);
  const list = { url: '/v1/surveys/spring/responses' };
  for (const id of ['a', 'b']) {
    const body = {
      id,
      answeredAt: `2024-04-0${id === 'a' ? 1 : 2}T12:00:00Z`,
      answers: { remark: 'Thanks.' },
    };
    await app.when({ ...list, body }).then(201);
  }
  await app.settled();
  await app.close();
  const feedback = databases.get('feedback')!;
  feedback.prepare('DELETE FROM keys').run([]);
  await start();
  await app.when(list).then(200, { items: [{ comments: null }, { comments: null }] });
  await app.when({ url: `${list.url}?comments=true` }).then(200, { items: [{}, {}] });

  const { body } = await app.when(list).then(200);
  const [later, earlier] = body.items as { id: string }[];
  feedback.prepare('UPDATE commits SET body = ? WHERE stream = ?').run(['', `response-${later!.id}`]);
  await app
    .when(list)
    .then(200, ({ items }: { items: { id: string }[] }) =>
      expect(items.map(({ id }) => id)).toEqual([earlier!.id]),
    );
});
