import { memoryAdapters } from '@readership/embedded';
import { routesOf } from '@readership/host';
import {
  constraintsWithoutSentence,
  startApp,
  type TestAnswer,
  type TestApp,
} from '@readership/host/testing';
import type { Adapters } from '@readership/kernel';
import { modulesOn } from './modules.js';

let adapters: Adapters;
let app: TestApp;

beforeAll(async () => {
  adapters = memoryAdapters();
  app = await startApp(modulesOn, adapters);
  await app.when({ url: '/v1/libraries', body: { id: 'CITY', name: 'City' } }).then(201);
  const questions = [{ id: 'recommend', type: 'nps', text: 'Would you?' }];
  const survey = { id: 'x', title: 'Survey', language: 'en', questions };
  await app.when({ url: '/v1/surveys', body: survey }).then(201);
});
afterAll(async () => {
  await app.close();
  await adapters.close();
});

it('every constraint of a body says what would be right', () =>
  expect(constraintsWithoutSentence()).toEqual([]));

/** Words of class-validator, zod and Nest, and signs that only regular expressions have. */
const framework =
  /must be (?:a string"|an integer|a boolean|an array|an object|one of the|a valid|longer|shorter)|must match|should not|longer than|shorter than|Invalid input|Invalid string|expected|pattern|\$\/|\\p\{|\[A-Z|\/\^|Cannot (?:GET|POST)|FST_/;

const schemas = (document: any): Readonly<Record<string, string[]>> =>
  Object.fromEntries(
    Object.entries(document.components.schemas).map(([name, schema]) => [
      name,
      Object.keys((schema as { properties?: object }).properties ?? {}),
    ]),
  );

it('no sentence of a framework and no regular expression reaches anybody', async () => {
  const fields = [
    ...new Set(Object.values(schemas((await app.http({ url: '/openapi.json' })).body)).flat()),
    ...['specversion', 'source', 'time', 'data', 'answers', 'answeredAt', 'amount', 'month', 'category'],
  ];
  const filled = (value: unknown) => Object.fromEntries(fields.map((field) => [field, value]));
  const bodies = [{}, [], null, 5, ...[5, '', '\u0001', {}, [], [{}], ['x'], 'x'.repeat(9_999)].map(filled)];
  const answers: [string, TestAnswer][] = [];
  for (const { method, path, mediaTypes } of routesOf(app.app)) {
    const url = path.replaceAll(/:\w+/g, 'x');
    if (method === 'GET')
      answers.push([url, await app.http({ url: `${url}?limit=x&cursor=x&from=x&to=x&after=x` })]);
    for (const type of mediaTypes) {
      for (const body of bodies) {
        const request = { method, url, body: JSON.stringify(body), headers: { 'content-type': type } };
        answers.push([`${method} ${url} ${type}`, await app.http(request)]);
      }
    }
  }
  expect(answers.length).toBeGreaterThan(400);
  for (const [request, { status, text, headers }] of answers) {
    // Outcomes of lines are refusals as well.
    if (status < 400 && !/ndjson/.test(headers.get('content-type') ?? '')) continue;
    expect([request, framework.exec(text)?.[0]]).toEqual([request, undefined]);
    if (text.includes('see errors')) expect([request, text.includes('"errors":[{')]).toEqual([request, true]);
  }
});
