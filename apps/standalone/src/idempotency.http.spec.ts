import { memoryAdapters } from '@readership/embedded';
import { startApp } from '@readership/host/testing';
import { DescribedAnswers, type Document } from './described-answers.fixture.js';
import { modulesOn } from './modules.js';

it('every operation that takes an Idempotency-Key refuses another request with it, as it is described', async () => {
  const adapters = memoryAdapters({ partitions: 2 });
  const app = await startApp(modulesOn, adapters);
  const described = new DescribedAnswers((await app.http({ url: '/openapi.json' })).body as Document);
  const taking = described.operations.filter(({ operation }) =>
    operation.parameters.some(({ name }) => name === 'Idempotency-Key'),
  );
  expect(taking.length).toBeGreaterThan(20);
  for (const { method, path, operation } of taking) {
    const types = Object.keys(operation.requestBody?.content ?? {});
    const type = ['application/json', 'application/x-ndjson'].find((one) => types.includes(one));
    const body = type === undefined ? {} : { body: '{}' };
    const headers = { ...(type === undefined ? {} : { 'content-type': type }), 'idempotency-key': 'one' };
    const query = operation.parameters.some(({ name }) => name === 'context') ? '?context=analytics' : '';
    const url = path.replaceAll(/\{\w+\}/g, 'A'.repeat(43)) + query;
    await app.http({ method, url, ...body, headers });
    const other = { ...body, headers: { ...headers, 'if-match': '*' } };
    const answer = await app.when({ method, url, ...other }).thenRefused(422, 'IDEMPOTENCY_KEY_REUSED');
    expect(described.faults(method, url, answer)).toEqual([]);
  }
  await app.close();
  await adapters.close();
});
