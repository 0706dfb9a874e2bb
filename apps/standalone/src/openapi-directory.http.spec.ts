import { memoryAdapters } from '@readership/embedded';
import { startApp, type TestApp, type TestRequest } from '@readership/host/testing';
import type { Adapters } from '@readership/kernel';
import { DescribedAnswers, type Document } from './described-answers.fixture.js';
import { tagOf } from './messages.fixture.js';
import { modulesOn } from './modules.js';
import { north } from './requests.fixture.js';

let adapters: Adapters;
let app: TestApp;
let described: DescribedAnswers;
beforeAll(async () => {
  adapters = memoryAdapters();
  app = await startApp(modulesOn, adapters);
  described = new DescribedAnswers((await app.http({ url: '/openapi.json', key: null })).body as Document);
});
afterAll(async () => {
  await app.close();
  await adapters.close();
});

/** Sends a request whose answer must have this status, and must be as it is described. */
async function ask(status: number, method: string, url: string, rest: Omit<TestRequest, 'url'> = {}) {
  const answer = await app.http({ method, url, ...rest });
  expect([answer.status, described.faults(method, url, answer)]).toEqual([status, []]);
  return answer;
}

describe('an answer is as it is described', () => {
  it('about a branch that is transferred, closed and open again', async () => {
    const settings = { name: 'Lakes', patronLookup: 'library' };
    await ask(200, 'PUT', '/v1/consortium', { body: settings });
    for (const id of ['CITY', 'TOWN']) await ask(201, 'POST', '/v1/libraries', { body: { id, name: id } });
    let answer = await ask(201, 'POST', '/v1/branches', { body: north });
    for (const library of ['CITY', 'TOWN']) {
      const grants = [{ role: 'integrator', scopes: [`library:${library}`], sources: ['urn:ils'] }];
      await ask(201, 'POST', '/v1/api-keys', { body: { name: library, grants } });
    }
    const change = async (body: object) => {
      answer = await ask(200, 'PATCH', '/v1/branches/NORTH', { body, headers: tagOf(answer) });
      return answer.body;
    };
    expect((await change({ library: 'TOWN' })).grants).toMatchObject({ gained: [{}], lost: [{}] });
    expect(await change({ closedOn: '2024-03-31' })).toMatchObject({ closedOn: '2024-03-31' });
    await ask(200, 'GET', '/v1/branches');
    expect(await change({ closedOn: null })).not.toHaveProperty('closedOn');
  });

  it('about the name of a principal', async () => {
    await ask(200, 'GET', '/v1/principals/admin');
    const asked = { name: 'Desk', role: 'front-desk', scopes: ['consortium'] };
    const { body } = await ask(201, 'POST', '/v1/api-keys', { body: asked });
    expect((await ask(200, 'GET', `/v1/principals/${body.id}`)).body.name).toBe('Desk');
    await ask(404, 'GET', '/v1/principals/nobody');
  });
});
