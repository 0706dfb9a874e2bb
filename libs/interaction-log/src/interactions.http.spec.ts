import { memoryAdapters } from '@readership/embedded';
import { fact } from '@readership/contracts';
import { startApp, type TestApp } from '@readership/host/testing';
import { Relay, type Adapters, type AnyEvent, type EventStore } from '@readership/kernel';
import { createHmac, randomUUID } from 'node:crypto';
import { InteractionLogModule } from './interaction-log.module.js';

const now = new Date('2024-06-01T12:00:00.000Z');
const ada = '0193a1b2-0000-7000-8000-00000000000a';
const ben = '0193a1b2-0000-7000-8000-00000000000b';

let adapters: Adapters;
let app: TestApp;
let patrons: Neighbour;

/** Publishes facts as the patron profile would. */
class Neighbour {
  private readonly store: EventStore;

  constructor(private readonly of: Adapters) {
    this.store = of.eventStore('patron-profile', (event: AnyEvent) => event.data as never);
  }

  async publish(stream: string, version: number, key: string, published: object): Promise<void> {
    const meta = { commandId: randomUUID(), at: now.toISOString(), actor: 'test' };
    await this.store.append(stream, version, [{ type: 'Told', data: { key, fact: published } }], meta);
    for (let partition = 0; partition < this.store.partitions; partition++) {
      const relay = new Relay('patron-profile', partition, this.store, this.of.eventLog);
      while ((await relay.step()) > 0);
    }
  }

  branch(id: string): Promise<void> {
    const data = { id, name: id, library: 'CITY', timeZone: 'Europe/Berlin' };
    return this.publish(`branch-${id}`, 0, `branch-${id}`, fact('BranchAdded', data));
  }

  link(card: string, personId: string, version = 0, from?: string): Promise<void> {
    const token = tokenOf(card);
    const data = { token, personId, ...(from === undefined ? {} : { from }) };
    return this.publish(`card-${token}`, version, token, fact('CardLinked', data));
  }

  unlink(card: string, until: string, version: number): Promise<void> {
    const token = tokenOf(card);
    return this.publish(`card-${token}`, version, token, fact('CardUnlinked', { token, until }));
  }
}

const tokenOf = (card: string): string =>
  createHmac('sha256', app.secrets.cardKey).update(card).digest('base64url');

let count = 0;
const loan = (data: Record<string, unknown> = {}, id = `loan-${++count}`, time = '2024-03-31T09:15:00Z') => ({
  specversion: '1.0',
  source: 'ils',
  id,
  type: 'org.readership.interaction.v1',
  time,
  data: { kind: 'loan', branch: 'NORTH', ...data },
});
const one = (body: unknown) => app.http({ url: '/v1/interactions', body });
const lines = (body: string | Uint8Array, type = 'application/x-ndjson') =>
  app.http({ url: '/v1/interactions/batch', body, headers: { 'content-type': type } });
const many = (events: readonly unknown[]) => lines(events.map((event) => JSON.stringify(event)).join('\n'));
const holderOf = async (id: string): Promise<string | undefined> =>
  (await app.http({ url: `/v1/interactions/${id}` })).body.patronId;

/** Resolves when everything recorded is published and every reaction has run. */
async function settled(): Promise<void> {
  await app.settled();
}

beforeAll(async () => {
  adapters = memoryAdapters({ partitions: 3 });
  app = await startApp((on) => [InteractionLogModule.on(on)], adapters, { now: () => now });
  patrons = new Neighbour(adapters);
  await patrons.branch('NORTH');
  await patrons.branch('SOUTH');
});

afterAll(async () => {
  await app.close();
  await adapters.close();
});

describe('recording one interaction', () => {
  it('answers 201 with its id, version and place, and the same again 200', async () => {
    const event = loan({ card: '100' });
    const first = await one(event);
    expect(first).toMatchObject({ status: 201, body: { outcome: 'recorded' } });
    expect(first.headers.get('location')).toBe(`/v1/interactions/${first.body.id}`);
    expect(first.headers.get('etag')).toBe('"v1"');
    expect(first.headers.get('readership-position')).not.toBeNull();
    expect(await one(event)).toMatchObject({
      status: 200,
      body: { id: first.body.id, outcome: 'already-recorded' },
    });
  });

  it('is refused with 409 when its id stands for another fact', async () => {
    const event = loan();
    await one(event);
    expect(await one({ ...event, data: { ...event.data, kind: 'hold' } })).toMatchObject({
      status: 409,
      body: { code: 'ID_REUSED' },
    });
  });

  it('takes a structured and a binary CloudEvent for the same', async () => {
    const event = loan({ card: '101' });
    const structured = await app.http({
      url: '/v1/interactions',
      body: JSON.stringify(event),
      headers: { 'content-type': 'application/cloudevents+json; charset=utf-8' },
    });
    expect(structured.status).toBe(201);
    const { data, ...attributes } = event;
    const headers = Object.fromEntries(
      Object.entries(attributes).map(([name, value]) => [`ce-${name}`, value]),
    );
    expect(await app.http({ url: '/v1/interactions', body: data, headers })).toMatchObject({
      status: 200,
      body: structured.body.id === undefined ? {} : { id: structured.body.id },
    });
  });

  it('answers with what is wrong and where, and records nothing', async () => {
    const before = await app.recordedSoFar();
    const refusals: readonly [sent: unknown, code: string, pointer: string][] = [
      [loan({ quantity: 1_001, card: '1' }), 'QUANTITY_TOO_LARGE', '/data/quantity'],
      [loan({ name: 'Ada' }), 'UNKNOWN_FIELD', '/data/name'],
      [loan({}, 'x', '2024-06-02T12:00:01Z'), 'TIME_IN_FUTURE', '/time'],
      [loan({}, 'x', '0001-01-01T00:00:00Z'), 'TIME_TOO_EARLY', '/time'],
      [loan({}, 'x', '9999-12-31T00:00:00Z'), 'TIME_OUT_OF_RANGE', '/time'],
    ];
    for (const [sent, code, pointer] of refusals) {
      expect(await one(sent)).toMatchObject({ status: 422, body: { code, errors: [{ code, pointer }] } });
    }
    expect(await app.recordedSoFar()).toBe(before);
  });

  it('waits for a branch that is about to be known, and refuses one that is not', async () => {
    const waiting = one(loan({ branch: 'LATE' }));
    await patrons.branch('LATE');
    expect(await waiting).toMatchObject({ status: 201 });
    expect(await one(loan({ branch: 'NOWHERE' }))).toMatchObject({
      status: 422,
      body: { code: 'UNKNOWN_BRANCH' },
    });
  });

  it('refuses other media types', async () => {
    const sent = { url: '/v1/interactions', body: '[]', headers: { 'content-type': 'text/csv' } };
    expect(await app.http(sent)).toMatchObject({ status: 415 });
  });
});

describe('reading, correcting and withdrawing an interaction', () => {
  it('shows what it says now, free text included', async () => {
    const { id } = (await one(loan({ card: '200', details: 'asked for maps' }))).body;
    const corrected = await app.http({
      url: `/v1/interactions/${id}/correct`,
      body: { kind: 'reference', quantity: 2, reason: 'wrong key' },
    });
    expect(corrected).toMatchObject({ status: 200, body: { kind: 'reference', quantity: 2 } });
    const read = await app.http({ url: `/v1/interactions/${id}` });
    expect(read.body).toEqual({
      id,
      status: 'recorded',
      time: '2024-03-31T09:15:00.000Z',
      kind: 'reference',
      branch: 'NORTH',
      quantity: 2,
      startedBy: 'patron',
      digital: false,
      details: 'asked for maps',
    });
    expect(read.headers.get('etag')).toBe('"v2"');
  });

  it('is idempotent, and the first fact stays the one that its id stands for', async () => {
    const event = loan({ card: '201' });
    const { id } = (await one(event)).body;
    const withdraw = () => app.http({ url: `/v1/interactions/${id}/withdraw`, body: { reason: 'test' } });
    expect(await withdraw()).toMatchObject({ status: 200, body: { status: 'withdrawn' } });
    const version = (await withdraw()).headers.get('etag');
    expect(version).toBe('"v2"');
    expect(await one(event)).toMatchObject({ status: 200, body: { outcome: 'already-recorded' } });
    const correct = { url: `/v1/interactions/${id}/correct`, body: { quantity: 2, reason: 'late' } };
    expect(await app.http(correct)).toMatchObject({ status: 409, body: { code: 'INTERACTION_WITHDRAWN' } });
  });

  it('counts again as it was once its withdrawal is taken back', async () => {
    const { id } = (await one(loan({ card: '204' }))).body;
    const tell = (what: string, body: object = { reason: 'test' }) =>
      app.when({ url: `/v1/interactions/${id}/${what}`, body });
    await tell('restore').then(200, { status: 'recorded' });
    await tell('correct', { quantity: 3, reason: 'three' }).then(200);
    await tell('withdraw').then(200, { status: 'withdrawn' });
    for (let times = 0; times < 2; times++) {
      const { headers } = await tell('restore').then(200, { id, status: 'recorded', quantity: 3 });
      expect(headers.get('etag')).toBe('"v4"');
    }
    await tell('correct', { quantity: 2, reason: 'two' }).then(200, { quantity: 2 });
    await tell('restore', {}).thenRefused(422, 'REQUIRED');
    const restore = { url: `/v1/interactions/${id}/restore`, body: { reason: 'r' } };
    await app.when({ ...restore, headers: { 'if-match': '"v1"' } }).then(412);
    const unknown = { url: `/v1/interactions/${'x'.repeat(43)}/restore`, body: { reason: 'r' } };
    await app.when(unknown).thenRefused(404, 'UNKNOWN_INTERACTION');
  });

  it('refuses to change whom it came with, what is not known, and a version that is past', async () => {
    const { id } = (await one(loan({ card: '202' }))).body;
    const correct = (body: object, headers = {}) =>
      app.http({ url: `/v1/interactions/${id}/correct`, body, headers });
    expect(await correct({ card: '203', reason: 'r' })).toMatchObject({
      status: 422,
      body: { code: 'PERSON_IS_FIXED' },
    });
    expect(await correct({ patronId: ada, reason: 'r' })).toMatchObject({
      status: 422,
      body: { code: 'PERSON_IS_FIXED' },
    });
    expect(await correct({ quantity: 2 })).toMatchObject({ status: 422, body: { code: 'REQUIRED' } });
    expect(await correct({ branch: 'NOWHERE', reason: 'r' })).toMatchObject({
      status: 422,
      body: { code: 'UNKNOWN_BRANCH' },
    });
    expect(await correct({ quantity: 2, reason: 'r' }, { 'if-match': '"v9"' })).toMatchObject({
      status: 412,
    });
    const unknown = { url: `/v1/interactions/${'x'.repeat(43)}` };
    expect(await app.http(unknown)).toMatchObject({ status: 404, body: { code: 'UNKNOWN_INTERACTION' } });
    expect(await app.http({ url: '/v1/interactions/x/withdraw', body: { reason: 'r' } })).toMatchObject({
      status: 404,
    });
  });
});

describe('recording many interactions', () => {
  it('answers a line of outcome for each, in order', async () => {
    const [first, second] = [loan({ card: '300' }), loan()];
    const answer = await many([
      first,
      second,
      first,
      { ...first, time: '2024-01-01T00:00:00Z' },
      loan({ kind: 'x' }),
    ]);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch(/^application\/x-ndjson/);
    expect(answer.headers.get('readership-position')).not.toBeNull();
    expect(answer.body).toMatchObject([
      { line: 1, outcome: 'recorded' },
      { line: 2, outcome: 'recorded' },
      { line: 3, outcome: 'already-recorded', id: answer.body[0].id },
      { line: 4, outcome: 'refused', code: 'ID_REUSED' },
      { line: 5, outcome: 'refused', code: 'UNKNOWN_KIND', pointer: '/data/kind' },
    ]);
  });

  it('refuses a bad line alone, and passes over empty ones', async () => {
    const body = `${JSON.stringify(loan())}\r\n\n{"a":\n{"__proto__":{}}\n${'['.repeat(100_000)}\n${JSON.stringify(loan({ details: '\u0000' }))}\n`;
    expect((await lines(body)).body).toMatchObject([
      { line: 1, outcome: 'recorded' },
      { line: 3, outcome: 'refused', code: 'MALFORMED_JSON' },
      { line: 4, outcome: 'refused', code: 'FORBIDDEN_KEY' },
      { line: 5, outcome: 'refused', code: 'TOO_DEEP' },
      { line: 6, outcome: 'refused', code: 'BAD_STRING' },
    ]);
  });

  it('takes an array of CloudEvents', async () => {
    const body = JSON.stringify([loan(), 5, loan({ branch: 'SOUTH' })]);
    expect((await lines(body, 'application/cloudevents-batch+json')).body).toMatchObject([
      { line: 1, outcome: 'recorded' },
      { line: 2, outcome: 'refused', code: 'WRONG_TYPE' },
      { line: 3, outcome: 'recorded' },
    ]);
  });

  it('keeps order and duplicates over many chunks', async () => {
    const events = Array.from({ length: 1_700 }, (_, n) =>
      loan({ card: `4${n % 50}` }, `chunked-${n % 1_600}`),
    );
    const { body } = await many(events);
    expect(body.map(({ line }: { line: number }) => line)).toEqual(events.map((_, n) => n + 1));
    const outcomes = body.map(({ outcome }: { outcome: string }) => outcome);
    expect(outcomes.slice(0, 1_600).every((outcome: string) => outcome === 'recorded')).toBe(true);
    // Line 1,601 repeats the id and the card of the first line.
    expect(outcomes.slice(1_600).every((outcome: string) => outcome === 'already-recorded')).toBe(true);
  });

  it('records nothing of what is too long or cannot be read as a whole', async () => {
    const before = await app.recordedSoFar();
    const line = JSON.stringify(loan());
    const tooMany = Array.from({ length: 10_001 }, () => line);
    expect(await lines(tooMany.join('\n'))).toMatchObject({ status: 413, body: { code: 'TOO_MANY_LINES' } });
    const array = 'application/cloudevents-batch+json';
    expect(await lines(`[${tooMany.join(',').slice(0, 10)}`, array)).toMatchObject({ status: 400 });
    expect(await lines('{}', array)).toMatchObject({ status: 400, body: { code: 'NOT_AN_ARRAY' } });
    expect(await lines(Buffer.from([0x22, 0xff, 0x22]))).toMatchObject({
      status: 400,
      body: { code: 'NOT_UTF8' },
    });
    expect(await lines('x', 'application/json')).toMatchObject({ status: 415 });
    expect(await lines('{}', 'application/json')).toMatchObject({ status: 415 });
    expect(await app.recordedSoFar()).toBe(before);
  });

  it('waits once for unknown branches, then refuses them line by line', async () => {
    const events = Array.from({ length: 600 }, (_, n) =>
      loan({ branch: n % 2 === 0 ? 'NORTH' : `GONE-${n}` }),
    );
    const began = performance.now();
    const { body } = await many(events);
    expect(performance.now() - began).toBeLessThan(4_000);
    expect(body.filter(({ code }: { code?: string }) => code === 'UNKNOWN_BRANCH')).toHaveLength(300);
  });
});

describe('whom an interaction counts for', () => {
  it('is the reader of its card, whichever came first', async () => {
    const before = (await one(loan({ card: '500' }))).body.id;
    expect(await holderOf(before)).toBeUndefined();
    await patrons.link('500', ada);
    await settled();
    const after = (await one(loan({ card: '500' }))).body.id;
    expect([await holderOf(before), await holderOf(after)]).toEqual([ada, ada]);
  });

  it('is the patron named by id', async () => {
    expect(await holderOf((await one(loan({ patronId: ben }))).body.id)).toBe(ben);
  });

  it('follows a re-issued card and another time', async () => {
    await patrons.link('501', ada);
    await patrons.unlink('501', '2024-02-01T00:00:00.000Z', 1);
    await patrons.link('501', ben, 2, '2024-03-01T00:00:00.000Z');
    const at = async (time: string) => (await one(loan({ card: '501' }, undefined, time))).body.id as string;
    const ids = [
      await at('2024-01-31T00:00:00Z'),
      await at('2024-02-15T00:00:00Z'),
      await at('2024-03-15T00:00:00Z'),
    ];
    await settled();
    expect(await Promise.all(ids.map(holderOf))).toEqual([ada, undefined, ben]);
    await app.http({
      url: `/v1/interactions/${ids[0]}/correct`,
      body: { time: '2024-04-01T00:00:00Z', reason: 'wrong day' },
    });
    await settled();
    expect(await holderOf(ids[0]!)).toBe(ben);
  });

  it('moves over a thousand interactions of a late card', async () => {
    const { body } = await many(Array.from({ length: 1_200 }, () => loan({ card: '502' })));
    await patrons.link('502', ada);
    await settled();
    for (const at of [0, 600, 1_199]) expect(await holderOf(body[at].id)).toBe(ada);
  });
});
