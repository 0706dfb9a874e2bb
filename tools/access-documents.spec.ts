import { AnalyticsModule } from '@readership/analytics';
import { memoryAdapters } from '@readership/embedded';
import { FeedbackModule } from '@readership/feedback';
import { startApp, type TestApp } from '@readership/host/testing';
import { InteractionLogModule } from '@readership/interaction-log';
import type { Adapters } from '@readership/kernel';
import { PatronProfileModule } from '@readership/patron-profile';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { differing, scriptOf, shownIn } from './shown-commands.fixture.js';

const root = join(import.meta.dirname, '..');

let adapters: Adapters;
let app: TestApp;
beforeAll(async () => {
  adapters = memoryAdapters();
  const contexts = [PatronProfileModule, InteractionLogModule, FeedbackModule, AnalyticsModule];
  app = await startApp((on) => contexts.map((each) => each.on(on)), adapters);
  const branch = { id: 'TOUR-1', name: 'First Branch', library: 'TOUR', timeZone: 'Europe/Dublin' };
  await app.when({ method: 'PUT', url: '/v1/consortium', body: { name: 'Lakes' } }).then(200);
  await app.when({ url: '/v1/libraries', body: { id: 'TOUR', name: 'Tour Library' } }).then(201);
  await app.when({ url: '/v1/branches', body: branch }).then(201);
});
afterAll(async () => {
  await app.close();
  await adapters.close();
});

/** What the commands of a document print that differs from what it shows. */
async function differingIn(document: string, commands: number, env: object = {}): Promise<readonly object[]> {
  const shown = shownIn(root, document);
  expect(shown).toHaveLength(commands);
  const { stdout } = await promisify(execFile)('bash', ['-c', scriptOf(shown)], {
    env: { ...process.env, URL: app.url, KEY: app.key, ...env },
  });
  return differing(shown, stdout);
}

it('docs/access.md shows what its commands print', async () =>
  expect(await differingIn('docs/access.md', 6)).toEqual([]));

it('OPERATIONS.md shows what its commands print, and a leaked key is ended by them', async () => {
  const body = { name: 'Leaked', role: 'front-desk', scopes: ['branch:TOUR-1'] };
  const { id, key } = (await app.when({ url: '/v1/api-keys', body }).then(201)).body as Record<
    string,
    string
  >;
  const event = {
    ...{ specversion: '1.0', source: '/tour/desk', id: '1', type: 'org.readership.interaction.v1' },
    ...{ time: '2024-03-01T10:00:00Z', data: { kind: 'loan', branch: 'TOUR-1' } },
  };
  await app.settled();
  await app.when({ url: '/v1/interactions', key: key!, body: event }).then(201);
  expect(await differingIn('OPERATIONS.md', 4, { ID: id })).toEqual([]);
  await app.when({ url: '/v1/me', key: key! }).thenRefused(401, 'UNAUTHENTICATED');
});
