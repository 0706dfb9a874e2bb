import { fact } from '@readership/contracts';
import { memoryAdapters } from '@readership/embedded';
import type { Grant } from '@readership/host';
import { issuedKey, startApp, type TestApp } from '@readership/host/testing';
import { Relay, type Adapters, type AnyEvent } from '@readership/kernel';
import { randomUUID } from 'node:crypto';
import { KnownBranches } from './directory/known-branches.js';
import { IngestController } from './ingest/ingest.controller.js';
import { InteractionLogModule } from './interaction-log.module.js';
import { publish } from './publish.js';

const at = '2024-06-01T12:00:00.000Z';
const url = '/v1/interactions';

let adapters: Adapters;
let app: TestApp;

/** Publishes a fact as the patron profile would. */
async function told(stream: string, version: number, said: object): Promise<void> {
  const store = adapters.eventStore('patron-profile', (event: AnyEvent) => event.data as never);
  const meta = { commandId: randomUUID(), at, actor: 'test' };
  await store.append(stream, version, [{ type: 'Told', data: { key: stream, fact: said } }], meta);
  for (let partition = 0; partition < store.partitions; partition++) {
    const relay = new Relay('patron-profile', partition, store, adapters.eventLog);
    while ((await relay.step()) > 0);
  }
}
const addBranch = (id: string, library: string) =>
  told(`branch-${id}`, 0, fact('BranchAdded', { id, name: id, library, timeZone: 'Europe/Berlin' }));
const transfer = (id: string, library: string) =>
  told(`branch-${id}`, 1, fact('BranchTransferred', { id, library }));

let keys: Record<
  'desk' | 'manager' | 'wide' | 'library' | 'town' | 'vendor' | 'otherVendor' | 'gate' | 'vendors',
  string
>;
const grantsOf: Readonly<Record<keyof typeof keys, readonly Grant[]>> = {
  desk: [{ role: 'front-desk', scopes: ['branch:NORTH'] }],
  manager: [{ role: 'branch-manager', scopes: ['branch:NORTH', 'branch:SOUTH'] }],
  wide: [{ role: 'branch-manager', scopes: ['consortium'] }],
  library: [{ role: 'branch-manager', scopes: ['library:CITY'] }],
  town: [{ role: 'branch-manager', scopes: ['library:TOWN'] }],
  vendor: [{ role: 'integrator', scopes: ['branch:NORTH'] }],
  otherVendor: [{ role: 'integrator', scopes: ['branch:NORTH'] }],
  gate: [{ role: 'integrator', scopes: ['library:CITY'], sources: ['/gate/north', '/gate/south'] }],
  vendors: [
    { role: 'integrator', scopes: ['branch:NORTH'], sources: ['/gate/north'] },
    { role: 'integrator', scopes: ['branch:EAST'], sources: ['/gate/east'] },
  ],
};

beforeAll(async () => {
  adapters = memoryAdapters({ partitions: 3 });
  app = await startApp((on) => [InteractionLogModule.on(on)], adapters, { now: () => new Date(at) });
  for (const [id, library] of Object.entries({ NORTH: 'CITY', SOUTH: 'CITY', EAST: 'TOWN' }))
    await addBranch(id, library);
  const issued = Object.entries(grantsOf).map(
    async ([name, grants]) => [name, await issuedKey(app, adapters, grants)] as const,
  );
  keys = Object.fromEntries(await Promise.all(issued)) as typeof keys;
});
afterAll(async () => {
  await app.close();
  await adapters.close();
});

let count = 0;
const loan = (branch = 'NORTH', source = 'ils', data: object = {}) => ({
  ...{ specversion: '1.0', source, id: `loan-${++count}`, type: 'org.readership.interaction.v1' },
  time: '2024-03-31T09:15:00Z',
  data: { kind: 'loan', branch, ...data },
});
type Who = keyof typeof keys | 'admin';
const keyOf = (who: Who) => (who === 'admin' ? app.key : keys[who]);
const one = (who: Who, body: unknown) => app.when({ url, body, key: keyOf(who) });
const many = (who: Who, events: readonly unknown[], query = '') =>
  app.when({
    url: `${url}/batch${query}`,
    body: events.map((event) => JSON.stringify(event)).join('\n'),
    headers: { 'content-type': 'application/x-ndjson' },
    key: keyOf(who),
  });
const recorded = async (who: Who, event: object): Promise<string> =>
  (await one(who, event).then(201)).body.id as string;
const read = (who: Who, id: string) => app.when({ url: `${url}/${id}`, key: keyOf(who) });
const correct = (who: Who, id: string, changes: object = { quantity: 2 }, headers = {}) =>
  app.when({ url: `${url}/${id}/correct`, body: { reason: 'typo', ...changes }, headers, key: keyOf(who) });
const withdraw = (who: Who, id: string) =>
  app.when({ url: `${url}/${id}/withdraw`, body: { reason: 'test' }, key: keyOf(who) });

/** Expects that requests are refused as out of scope and that nothing is recorded. */
async function thenOutOfScope(...asked: readonly { thenRefused: TestRefusal }[]): Promise<void> {
  const before = await app.recordedSoFar();
  for (const each of asked) await each.thenRefused(403, 'OUT_OF_SCOPE');
  expect(await app.recordedSoFar()).toBe(before);
}
type TestRefusal = (status: number, code: string) => Promise<unknown>;

describe('recording one interaction', () => {
  it('is permitted inside and above the branch, and refused outside with the scopes that one has', async () => {
    for (const who of ['desk', 'manager', 'library', 'wide', 'vendor', 'admin'] as const)
      await recorded(who, loan('NORTH'));
    for (const who of ['manager', 'library', 'wide'] as const) await recorded(who, loan('SOUTH'));
    await thenOutOfScope(
      ...(['desk', 'vendor'] as const).map((who) => one(who, loan('SOUTH'))),
      ...(['desk', 'manager', 'library', 'vendor'] as const).map((who) => one(who, loan('EAST'))),
    );
    const { body } = await one('manager', loan('EAST')).thenRefused(403, 'OUT_OF_SCOPE');
    expect(body).toMatchObject({
      detail: 'Your credential permits this in branch:NORTH, branch:SOUTH only.',
      errors: [{ pointer: '/data/branch', code: 'OUT_OF_SCOPE' }],
    });
  });

  it('of a branch that does not exist is refused for that', () =>
    one('desk', loan('NOWHERE')).thenRefused(422, 'UNKNOWN_BRANCH'));

  it('is permitted for the sources of the grant whose branch it is', async () => {
    await recorded('gate', loan('SOUTH', '/gate/north'));
    await recorded('vendors', loan('EAST', '/gate/east'));
    await thenOutOfScope(
      one('gate', loan('SOUTH', '/gate/east')),
      one('gate', loan('EAST', '/gate/north')),
      one('vendors', loan('EAST', '/gate/north')),
    );
    const { body } = await one('gate', loan('SOUTH', 'ils')).thenRefused(403, 'OUT_OF_SCOPE');
    expect(body).toMatchObject({
      detail: 'Your credential permits this in library:CITY only, and for its own sources.',
      errors: [{ pointer: '/source' }],
    });
  });

  it('is judged by the ce-source header of a binary CloudEvent', async () => {
    const binary = (source: string, branch = 'NORTH') => {
      const { data, ...attributes } = loan(branch, source);
      const headers = Object.fromEntries(
        Object.entries(attributes).map(([name, value]) => [`ce-${name}`, encodeURIComponent(value)]),
      );
      return app.when({ url, body: data, headers, key: keys.gate });
    };
    await binary('/gate/north').then(201);
    await thenOutOfScope(binary('ils'), binary('/gate/north', 'EAST'));
  });

  it('that is recorded already is refused out of scope, like one that is not', async () => {
    const event = loan('EAST');
    await recorded('town', event);
    await one('town', event).then(200, { outcome: 'already-recorded' });
    await thenOutOfScope(one('desk', event));
  });
});

describe('recording many interactions', () => {
  it('refuses the lines out of scope alone', async () => {
    const known = loan('EAST', '/gate/north');
    await recorded('admin', known);
    const before = await app.recordedSoFar();
    const events = [
      ...[loan('NORTH', '/gate/north'), loan('EAST', '/gate/north'), loan('SOUTH', 'ils')],
      ...[loan('NOWHERE', 'ils'), known, loan('SOUTH', '/gate/south'), loan('EAST', 'ils', { kind: 'x' })],
    ];
    const outcomes = [
      { line: 1, outcome: 'recorded' },
      { line: 2, outcome: 'refused', code: 'OUT_OF_SCOPE', pointer: '/data/branch' },
      { line: 3, outcome: 'refused', code: 'OUT_OF_SCOPE', pointer: '/source' },
      { line: 4, outcome: 'refused', code: 'UNKNOWN_BRANCH' },
      { line: 5, outcome: 'refused', code: 'OUT_OF_SCOPE' },
      { line: 6, outcome: 'recorded' },
      { line: 7, outcome: 'refused', code: 'UNKNOWN_KIND' },
    ];
    await many('gate', events, '?dryRun=true').then(200, outcomes);
    expect(await app.recordedSoFar()).toBe(before);
    const { body } = await many('gate', events).then(200, outcomes);
    expect(await app.recordedSoFar()).toBe(before + 2);
    expect(body[1].detail).toBe(
      'Your credential permits this in library:CITY only, and for its own sources.',
    );
    await app
      .when({
        url: `${url}/batch`,
        body: JSON.stringify([loan('EAST', '/gate/north'), loan('SOUTH', '/gate/north')]),
        headers: { 'content-type': 'application/cloudevents-batch+json' },
        key: keys.gate,
      })
      .then(200, [{ code: 'OUT_OF_SCOPE' }, { outcome: 'recorded' }]);
  });

  it('looks up each branch once, and none for somebody whose scopes name no library', async () => {
    const known = app.app.get(KnownBranches, { strict: false });
    const lookedUp: string[] = [];
    const { librariesOf } = known;
    known.librariesOf = (ids) => {
      const asked = [...ids];
      lookedUp.push(...asked);
      return librariesOf.call(known, asked);
    };
    try {
      const branchOf = (n: number) => (n < 1_100 && n % 2 === 0 ? 'NORTH' : n < 1_100 ? 'EAST' : 'SOUTH');
      const events = () => Array.from({ length: 1_200 }, (_, n) => loan(branchOf(n)));
      const { body } = await many('library', events()).then(200);
      const refused = body.filter(({ code }: { code?: string }) => code === 'OUT_OF_SCOPE');
      expect([body.length, refused.length]).toEqual([1_200, 550]);
      expect(lookedUp.sort()).toEqual(['EAST', 'NORTH', 'SOUTH']);
      lookedUp.length = 0;
      for (const who of ['admin', 'wide', 'manager'] as const) await many(who, events()).then(200);
      expect(lookedUp).toEqual([]);
    } finally {
      known.librariesOf = librariesOf;
    }
  });
});

describe('reading an interaction', () => {
  it('is permitted where it happened and above, and tells others nothing of it', async () => {
    const id = await recorded('town', loan('EAST', 'ils', { details: 'asked for maps' }));
    for (const who of ['town', 'wide', 'admin'] as const)
      await read(who, id).then(200, { details: 'asked for maps' });
    await thenOutOfScope(read('desk', id), read('manager', id), read('library', id));
    const { text, headers } = await read('desk', id).thenRefused(403, 'OUT_OF_SCOPE');
    expect(text).not.toMatch(/EAST|loan-|maps|2024-03/);
    expect(headers.get('etag')).toBeNull();
    await read('desk', 'x'.repeat(43)).thenRefused(404, 'UNKNOWN_INTERACTION');
  });
});

describe('correcting and withdrawing an interaction', () => {
  it('is permitted where it happened and above, and refused elsewhere without a word about it', async () => {
    const id = await recorded('town', loan('EAST'));
    await correct('wide', id).then(200, { quantity: 2 });
    await thenOutOfScope(
      correct('desk', id),
      correct('desk', id, { branch: 'NORTH' }),
      correct('desk', id, {}, { 'if-match': '"v9"' }),
      withdraw('library', id),
    );
    await correct('town', id, {}, { 'if-match': '"v9"' }).thenRefused(412, 'VERSION_MISMATCH');
    await withdraw('town', id).then(200, { status: 'withdrawn' });
    await thenOutOfScope(correct('desk', id), withdraw('desk', id));
    await correct('town', id).thenRefused(409, 'INTERACTION_WITHDRAWN');
    await correct('desk', 'x'.repeat(43)).thenRefused(404, 'UNKNOWN_INTERACTION');
  });

  it('to another branch needs that one too, and then only that one', async () => {
    const id = await recorded('desk', loan('NORTH'));
    await thenOutOfScope(
      correct('desk', id, { branch: 'SOUTH' }),
      correct('library', id, { branch: 'EAST' }),
      correct('town', id, { branch: 'EAST' }),
    );
    await correct('desk', id, { branch: 'NOWHERE' }).thenRefused(422, 'UNKNOWN_BRANCH');
    await read('desk', id).then(200, { branch: 'NORTH', quantity: 1 });
    await correct('manager', id, { branch: 'SOUTH' }).then(200, { branch: 'SOUTH' });
    await thenOutOfScope(read('desk', id), correct('desk', id, { branch: 'NORTH' }), withdraw('desk', id));
  });

  it('is permitted to an integrator for what came from its sources, whoever sent it', async () => {
    const own = await recorded('admin', loan('SOUTH', '/gate/south'));
    await correct('gate', own).then(200, { quantity: 2 });
    await thenOutOfScope(correct('gate', own, { branch: 'EAST' }));
    await withdraw('gate', own).then(200, { status: 'withdrawn' });
    const others = await recorded('admin', loan('SOUTH', 'ils'));
    const elsewhere = await recorded('admin', loan('EAST', '/gate/south'));
    // Each source goes with the branch of its grant.
    const mixed = await recorded('admin', loan('EAST', '/gate/north'));
    await thenOutOfScope(
      ...[others, elsewhere].flatMap((id) => [correct('gate', id), withdraw('gate', id)]),
      correct('vendors', mixed),
    );
  });

  it('is permitted to an integrator for what its sources sent by topic', async () => {
    const source = '/gate/north';
    await app.when({ method: 'PUT', url: '/v1/sources', body: { source, branches: ['NORTH'] } }).then(200);
    const event = loan('NORTH', source);
    const headers = { 'content-type': 'application/cloudevents+json' };
    const value = Buffer.from(JSON.stringify(event));
    const records = [{ offset: 0, timestamp: Date.parse(at), key: null, value, headers }];
    await app.app.get(IngestController, { strict: false }).take({ topic: 'ingest', partition: 0, records });
    const { id } = (await one('gate', event).then(200, { outcome: 'already-recorded' })).body;
    await thenOutOfScope(correct('vendor', id));
    await correct('gate', id).then(200, { quantity: 2 });
  });

  it('does not tell an integrator, who may not read interactions, whose it is and what was written', async () => {
    const patronId = '8b5f5d1e-4a1f-4a53-9a68-0b1f8c1a2b3c';
    const event = loan('NORTH', 'ils', { patronId, details: 'a private remark' });
    const id = await recorded('vendor', event);
    for (const asked of [correct('vendor', id), withdraw('vendor', id)]) {
      const { text } = await asked.then(200, { branch: 'NORTH' });
      expect(text).not.toMatch(/8b5f5d1e|private/);
    }
    // Reading elsewhere is not reading here.
    const grants = [
      { role: 'front-desk', scopes: ['branch:EAST'], only: ['interactions.read'] },
      { role: 'integrator', scopes: ['branch:NORTH'], sources: ['ils'] },
    ] as const;
    const body = { kind: 'loan', reason: 'none' };
    const key = await issuedKey(app, adapters, grants);
    const other = await recorded('desk', loan('NORTH', 'ils', { patronId, details: 'a private remark' }));
    const { text } = await app.when({ url: `${url}/${other}/correct`, body, key }).then(200);
    expect(text).not.toMatch(/8b5f5d1e|private/);
    await read('desk', id).then(200, { patronId, details: 'a private remark' });
    expect((await withdraw('desk', id).then(200)).text).toContain(patronId);
  });

  it('is permitted to an integrator without sources for what it recorded itself', async () => {
    const event = loan('NORTH');
    const id = await recorded('vendor', event);
    await one('otherVendor', event).then(200, { outcome: 'already-recorded' });
    const desks = await recorded('desk', loan('NORTH'));
    await thenOutOfScope(
      ...[correct('otherVendor', id), withdraw('otherVendor', id)],
      ...[correct('vendor', desks), withdraw('vendor', desks), correct('vendor', id, { branch: 'SOUTH' })],
    );
    const { body } = await correct('vendor', desks).thenRefused(403, 'OUT_OF_SCOPE');
    expect(body.detail).toBe(
      'Your credential permits this in branch:NORTH only, and for what it recorded itself.',
    );
    await correct('vendor', id).then(200, { quantity: 2 });
    await withdraw('vendor', id).then(200, { status: 'withdrawn' });
  });

  it('is not permitted to an integrator for what was recorded before sources were kept', async () => {
    const id = 'old-'.padEnd(43, 'x');
    const now = { time: at, kind: 'loan', branch: 'NORTH', quantity: 1, startedBy: 'patron', digital: false };
    const data = { reference: null, holder: `interaction-${id}`, now, digest: 'd' };
    const meta = { commandId: randomUUID(), at, actor: 'api-key' };
    const store = adapters.eventStore('interaction-log', publish as never);
    await store.append(`interaction-${id}`, 0, [{ type: 'InteractionRecorded', data }], meta);
    await thenOutOfScope(correct('gate', id), correct('vendor', id));
    await correct('desk', id).then(200, { quantity: 2 });
  });
});

it('a branch that changes library is in the scopes of its new library, and no more of the old one', async () => {
  await addBranch('MOVED', 'CITY');
  const id = await recorded('library', loan('MOVED'));
  await thenOutOfScope(one('town', loan('MOVED')), read('town', id));
  await transfer('MOVED', 'TOWN');
  await app.settled();
  await thenOutOfScope(one('library', loan('MOVED')), read('library', id));
  await thenOutOfScope(correct('library', id), withdraw('library', id));
  await many('library', [loan('MOVED'), loan('NORTH')]).then(200, [
    { code: 'OUT_OF_SCOPE' },
    { outcome: 'recorded' },
  ]);
  await recorded('town', loan('MOVED'));
  await correct('town', id).then(200, { quantity: 2 });
});
