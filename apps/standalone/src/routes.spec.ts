import { memoryAdapters } from '@readership/embedded';
import { routesOf } from '@readership/host';
import { startApp, type TestApp } from '@readership/host/testing';
import type { Adapters } from '@readership/kernel';
import { modulesOn } from './modules.js';

let adapters: Adapters;
let app: TestApp;

beforeAll(async () => {
  adapters = memoryAdapters();
  app = await startApp(modulesOn, adapters);
});
afterAll(async () => {
  await app.close();
  await adapters.close();
});

it('no route is public but the shell, the documents, the probes and the pages for patrons', () => {
  expect(app.publicRoutes).toEqual([
    'GET /',
    'GET /board-figures.js',
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
    'GET /v1/sign-in',
  ]);
});

it('every other route answers 401 without a key and with a wrong one', async () => {
  const closed = routesOf(app.app).filter(({ needs }) => needs !== 'nothing');
  expect(closed.length).toBeGreaterThan(30);
  expect(await app.unguardedRoutes()).toEqual([]);
});

it('every list is described with limit, cursor and after, and asks for none of them', async () => {
  const { body } = await app.when({ url: '/openapi.json', key: null }).then(200);
  type Described = { get?: { parameters: { name: string; required: boolean }[] } };
  const lists = Object.entries(body.paths as Record<string, Described>).flatMap(([path, { get }]) => {
    const asked = (get?.parameters ?? []).filter(({ name }) => ['limit', 'cursor', 'after'].includes(name));
    const names = asked.map(({ name, required }) => (required ? `${name}!` : name)).sort();
    return names.includes('cursor') || names.includes('cursor!') ? [[path, names.join(' ')]] : [];
  });
  expect(lists.map(([path]) => path)).toEqual(
    expect.arrayContaining(['/v1/branches', '/v1/libraries', '/v1/surveys', '/v1/testimonials', '/v1/costs']),
  );
  // Parked records have not been applied, API keys are in no read model, and nobody asks for acts and accesses right after a
  // request of their own, so these lists need not wait for a write.
  expect(lists.filter(([, names]) => names !== 'after cursor limit')).toEqual([
    ['/v1/audit/acts', 'cursor limit'],
    ['/v1/patrons/{id}/accesses', 'cursor limit'],
    ['/v1/parked', 'cursor limit'],
    ['/v1/api-keys', 'cursor limit'],
  ]);
});

it('the shell holds no figure and lets nothing be loaded from elsewhere', async () => {
  for (const [url, type] of [
    ['/', 'text/html'],
    ['/board.css', 'text/css'],
    ['/board.js', 'text/javascript'],
    ['/board-figures.js', 'text/javascript'],
  ]) {
    const answer = await app.when({ url: url!, key: null }).then(200);
    expect(answer.headers.get('content-type')).toMatch(type!);
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(answer.text).not.toMatch(/https?:\/\//);
  }
});
