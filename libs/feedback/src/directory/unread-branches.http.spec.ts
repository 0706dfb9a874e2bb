import { memoryAdapters } from '@readership/embedded';
import { startApp, type TestApp } from '@readership/host/testing';
import type { Adapters } from '@readership/kernel';
import { FeedbackModule } from '../feedback.module.js';

let adapters: Adapters;
let app: TestApp;

beforeEach(async () => {
  adapters = memoryAdapters();
  const now = () => new Date('2024-04-10T12:00:00Z');
  app = await startApp((ports) => [FeedbackModule.on(ports)], adapters, { now });
});
afterEach(async () => {
  await app.close();
  await adapters.close();
});

describe('a branch that is not known', () => {
  const question = { id: 'remark', type: 'text', text: 'What else?' };
  const survey = { id: 'spring', title: 'Spring', language: 'en', questions: [question] };
  const url = '/v1/surveys/spring/responses';
  const answeredAt = '2024-04-02T12:00:00Z';
  const response = { id: 'a', answeredAt, branch: 'LATE', answers: { remark: 'Thanks.' } };
  const lines = {
    url,
    body: `${JSON.stringify(response)}\n`,
    headers: { 'content-type': 'application/x-ndjson' },
  };

  it('is refused for good only once the branches were read to the end of the log', async () => {
    await app.when({ url: '/v1/surveys', body: survey }).then(201);
    const before = await app.recordedSoFar();
    const { eventLog } = adapters;
    const knownEnds = eventLog.knownEnds.bind(eventLog);
    // The log has more than this context has taken, as after an upgrade that reads it again.
    const unread = () => knownEnds()?.map((end) => end + 1) ?? null;
    eventLog.knownEnds = unread;
    await app.when({ url, body: response }).thenRefused(503, 'NOT_YET_APPLIED');
    await app.when(lines).thenRefused(503, 'NOT_YET_APPLIED');

    eventLog.knownEnds = knownEnds;
    await app.when({ url, body: response }).thenRefused(422, 'UNKNOWN_BRANCH');
    await app.when(lines).then(200, [{ outcome: 'refused', code: 'UNKNOWN_BRANCH' }]);

    // Whatever comes on the log later has nothing about branches that were read.
    eventLog.knownEnds = unread;
    await app.when(lines).then(200, [{ outcome: 'refused', code: 'UNKNOWN_BRANCH' }]);
    expect(await app.recordedSoFar()).toBe(before);
  });
});
