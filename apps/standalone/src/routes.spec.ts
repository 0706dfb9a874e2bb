import { AnalyticsModule } from '@readership/analytics';
import { memoryAdapters } from '@readership/embedded';
import { FeedbackModule } from '@readership/feedback';
import { routesOf } from '@readership/host';
import { startApp, type TestApp } from '@readership/host/testing';
import { InteractionLogModule } from '@readership/interaction-log';
import type { Adapters } from '@readership/kernel';
import { PatronProfileModule } from '@readership/patron-profile';
import { BoardModule } from './board.module.js';

let adapters: Adapters;
let app: TestApp;

beforeAll(async () => {
  adapters = memoryAdapters();
  app = await startApp(
    (on) => [
      PatronProfileModule.on(on),
      InteractionLogModule.on(on),
      FeedbackModule.on(on),
      AnalyticsModule.on(on),
      { module: BoardModule },
    ],
    adapters,
  );
});
afterAll(async () => {
  await app.close();
  await adapters.close();
});

it('no route is public but the shell, the documents, the probes and the pages for patrons', () => {
  const open = routesOf(app.app).filter((route) => route.public);
  expect(open.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'GET /',
    'GET /board.css',
    'GET /board.js',
    'GET /docs',
    'GET /docs/start.js',
    'GET /docs/swagger-ui-bundle.js',
    'GET /docs/swagger-ui.css',
    'GET /healthz',
    'GET /metrics',
    'GET /openapi.json',
    'GET /r/:token',
    'POST /r/:token',
    'GET /r/style.css',
    'GET /readyz',
  ]);
});

it('every other route answers 401 without a key and with a wrong one', async () => {
  const closed = routesOf(app.app).filter((route) => !route.public);
  expect(closed.length).toBeGreaterThan(30);
  for (const { method, path } of closed) {
    for (const key of [null, 'not-the-key']) {
      const answer = await app.http({ method, url: path.replaceAll(/:\w+/g, 'x'), key });
      expect([method, path, answer.status, answer.body.code]).toEqual([method, path, 401, 'UNAUTHENTICATED']);
    }
  }
});

it('the shell holds no figure and lets nothing be loaded from elsewhere', async () => {
  for (const [url, type] of [
    ['/', 'text/html'],
    ['/board.css', 'text/css'],
    ['/board.js', 'text/javascript'],
  ]) {
    const answer = await app.when({ url: url!, key: null }).then(200);
    expect(answer.headers.get('content-type')).toMatch(type!);
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(answer.text).not.toMatch(/https?:\/\//);
  }
});
