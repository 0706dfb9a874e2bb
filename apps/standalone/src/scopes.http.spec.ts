import { memoryAdapters } from '@readership/embedded';
import {
  extentOf,
  permissions,
  roles,
  routesOf,
  type Permission,
  type Role,
  type Route,
} from '@readership/host';
import {
  issuedKey,
  startApp,
  type TestAnswer,
  type TestApp,
  type TestRequest,
} from '@readership/host/testing';
import type { Adapters } from '@readership/kernel';
import { modulesOn } from './modules.js';
import { ada, cost, event, north, survey, testimonial } from './requests.fixture.js';

const libraryOf = { NORTH: 'CITY', SOUTH: 'CITY', EAST: 'TOWN' } as const;
type Branch = keyof typeof libraryOf;
/** The source of the interactions of the integrators here, and one of somebody else. */
const ownSource = 'urn:ils:north';
const otherSource = 'urn:ils:other';
/** A patron of whom nothing is known. */
const somebody = '0193a1b2-0000-7000-8000-00000000000a';

let adapters: Adapters;
let app: TestApp;
beforeAll(async () => {
  adapters = memoryAdapters({ partitions: 2 });
  app = await startApp(modulesOn, adapters, { now: () => new Date('2024-07-15T12:00:00.000Z') });
  await app.when({ method: 'PUT', url: '/v1/consortium', body: { name: 'Lakes' } }).then(200);
  for (const id of ['CITY', 'TOWN'])
    await app.when({ url: '/v1/libraries', body: { id, name: id } }).then(201);
  for (const [id, library] of Object.entries(libraryOf))
    await app.when({ url: '/v1/branches', body: { ...north, id, name: id, library } }).then(201);
  await app.when({ url: '/v1/surveys', body: survey }).then(201);
  await app.settled();
});
afterAll(async () => {
  await app.close();
  await adapters.close();
});

/** How the requests of a route name a place. */
type Row =
  | {
      /** A request at this branch that is taken within the scopes, with what it needs recorded already. */
      readonly at: (branch: Branch, source: string) => TestRequest | Promise<TestRequest>;
      /** A request for a place that contains branches. */
      readonly above?: (place: `library:${string}` | 'consortium') => TestRequest;
      /** The consortium as a whole is open to everybody who has the permission. */
      readonly consortiumIsOpen?: true;
      /** A library as a whole is open to everybody who has the permission at one of its branches. */
      readonly libraryIsOpen?: true;
      /** The request is of lines, which are refused alone. */
      readonly lines?: true;
      /** The request names a source, by which those of integrators are limited. */
      readonly ofSource?: true;
    }
  | { readonly namesNoPlace: string };

let count = 0;
const lines = (url: string, line: object): TestRequest => ({
  url,
  body: `${JSON.stringify(line)}\n`,
  headers: { 'content-type': 'application/x-ndjson' },
});
const figures = (path: string): Row => ({
  at: (branch) => ({ url: `${path}?scope=branch:${branch}` }),
  above: (place) => ({ url: `${path}?scope=${place}` }),
  consortiumIsOpen: true,
});

const interaction = (branch: Branch, source: string) => ({ ...event({ branch }), source });
async function recorded(branch: Branch, source: string): Promise<string> {
  const { body } = await app.when({ url: '/v1/interactions', body: interaction(branch, source) }).then(201);
  return `/v1/interactions/${(body as { id: string }).id}`;
}

const letter = (branch: Branch) => ({ ...testimonial, id: `t${++count}`, branch });
async function received(branch: Branch, ...acts: readonly string[]): Promise<string> {
  const body = letter(branch);
  await app.when({ url: '/v1/testimonials', body }).then(201);
  const url = `/v1/testimonials/${body.id}`;
  for (const act of acts) await app.when({ method: 'POST', url: `${url}/${act}` }).then(200);
  return url;
}
const act = (name: string, ...before: readonly string[]): Row => ({
  at: async (branch) => ({ method: 'POST', url: `${await received(branch, ...before)}/${name}` }),
});
const response = (branch: Branch) => ({
  ...{ id: `r${++count}`, answeredAt: '2024-03-01T10:00:00Z', branch, answers: { q1: 7 } },
});

/** Every route whose permission some role has within its scopes only. */
const rows: Readonly<Record<string, Row>> = {
  'GET /v1/metrics': figures('/v1/metrics'),
  'GET /v1/metrics/:name': figures('/v1/metrics/loans'),
  'POST /v1/metrics/query': {
    at: (branch) => ({
      url: '/v1/metrics/query',
      body: { requests: [{ metric: 'loans' }, { metric: 'loans', scope: `branch:${branch}` }] },
    }),
  },
  'GET /v1/rankings/:name': {
    at: (branch) => ({ url: `/v1/rankings/loans?among=library:${libraryOf[branch]}` }),
    above: (place) => ({ url: `/v1/rankings/loans?among=${place}` }),
    consortiumIsOpen: true,
    libraryIsOpen: true,
  },
  'GET /v1/costs': { at: (branch) => ({ url: `/v1/costs?branch=${branch}` }) },
  'POST /v1/costs': { at: (branch) => ({ url: '/v1/costs', body: { ...cost, branch } }) },
  'POST /v1/patrons/batch': {
    at: (branch) =>
      lines('/v1/patrons/batch', { ...ada, cards: [`7${100_000 + ++count}`], homeBranch: branch }),
    lines: true,
  },
  'POST /v1/interactions': {
    at: (branch, source) => ({ url: '/v1/interactions', body: interaction(branch, source) }),
    ofSource: true,
  },
  'POST /v1/interactions/batch': {
    at: (branch, source) => lines('/v1/interactions/batch', interaction(branch, source)),
    lines: true,
    ofSource: true,
  },
  'GET /v1/interactions/:id': { at: async (branch, source) => ({ url: await recorded(branch, source) }) },
  'POST /v1/interactions/:id/correct': {
    at: async (branch, source) => ({
      url: `${await recorded(branch, source)}/correct`,
      body: { kind: 'visit', reason: 'a slip' },
    }),
    ofSource: true,
  },
  'POST /v1/interactions/:id/withdraw': {
    at: async (branch, source) => ({
      url: `${await recorded(branch, source)}/withdraw`,
      body: { reason: 'a slip' },
    }),
    ofSource: true,
  },
  'POST /v1/interactions/:id/restore': {
    at: async (branch, source) => ({
      url: `${await recorded(branch, source)}/restore`,
      body: { reason: 'it was right' },
    }),
    ofSource: true,
  },
  'GET /v1/patrons/:id/interactions': {
    at: (branch) => ({ url: `/v1/patrons/${somebody}/interactions?branch=${branch}` }),
  },
  'POST /v1/surveys': { namesNoPlace: 'a survey is one for all branches' },
  'GET /v1/surveys/:survey/responses': {
    at: (branch) => ({ url: `/v1/surveys/spring/responses?branch=${branch}` }),
  },
  'POST /v1/surveys/:survey/responses': {
    at: (branch) => ({ url: '/v1/surveys/spring/responses', body: response(branch) }),
  },
  'GET /v1/surveys/:survey/invitations': {
    at: (branch) => ({ url: `/v1/surveys/spring/invitations?branch=${branch}` }),
  },
  'POST /v1/surveys/:survey/invitations': {
    at: (branch) => ({
      url: '/v1/surveys/spring/invitations',
      body: { branch, expiresOn: '2024-12-31' },
    }),
  },
  'GET /v1/testimonials': { at: (branch) => ({ url: `/v1/testimonials?branch=${branch}` }) },
  'POST /v1/testimonials': { at: (branch) => ({ url: '/v1/testimonials', body: letter(branch) }) },
  'GET /v1/testimonials/:id': { at: async (branch) => ({ url: await received(branch) }) },
  'POST /v1/testimonials/:id/approve': act('approve'),
  'POST /v1/testimonials/:id/publish': {
    at: async (branch) => ({
      url: `${await received(branch, 'approve')}/publish`,
      body: { consent: { givenOn: '2024-03-02', statement: 'Yes.' } },
    }),
  },
  'POST /v1/testimonials/:id/withdraw': act('withdraw', 'approve'),
};

const isScoped = (role: Role, permission: Permission) => ['s', 'n'].includes(extentOf(role, permission));
const scopedPermissions: readonly string[] = permissions.filter((permission) =>
  roles.some((role) => isScoped(role, permission)),
);
const nameOf = ({ method, path }: Route) => `${method} ${path}`;
const scopedRoutes = () => routesOf(app.app).filter(({ needs }) => scopedPermissions.includes(needs));

it('every route of a permission that goes within scopes has a row, and no other', () =>
  expect(Object.keys(rows).sort()).toEqual(scopedRoutes().map(nameOf).sort()));

const keys = new Map<string, Promise<string>>();
function keyOf(role: Role, permission: Permission, scope: string): Promise<string> {
  const only = extentOf(role, permission) === 'n' ? [permission] : undefined;
  const grant = {
    ...{ role, scopes: [scope] },
    ...(only ? { only } : {}),
    ...(role === 'integrator' ? { sources: [ownSource] } : {}),
  };
  const name = JSON.stringify(grant);
  const issued = keys.get(name) ?? issuedKey(app, adapters, [grant]);
  keys.set(name, issued);
  return issued;
}

/** `taken`, the code of the refusal of the request or of its line, or the status of another answer. */
function outcomeOf({ status, body }: TestAnswer, isOfLines = false): string {
  const [line] = isOfLines && status === 200 ? (body as { outcome: string; code?: string }[]) : [];
  if (line !== undefined) return line.outcome === 'refused' ? line.code! : 'taken';
  return status < 300 ? 'taken' : ((body as { code?: string }).code ?? String(status));
}

describe.each(Object.entries(rows))('%s', (name, row) => {
  const needs = () => scopedRoutes().find((route) => nameOf(route) === name)!.needs as Permission;

  it('is taken inside the scopes of each role, and refused outside and above them', async () => {
    const permission = needs();
    const wrong: string[] = [];
    let asked = 0;
    for (const role of roles.filter((each) => isScoped(each, permission))) {
      const ask = async (scope: string, what: string, request: TestRequest, expected: string) => {
        asked++;
        const isOfLines = 'lines' in row;
        const key = await keyOf(role, permission, scope);
        const outcome = outcomeOf(await app.http({ ...request, key }), isOfLines);
        if (outcome !== expected) wrong.push(`${role} of ${scope} ${what}: ${outcome}, not ${expected}`);
      };
      if ('namesNoPlace' in row) {
        const request = { url: '/v1/surveys', body: { ...survey, id: `s${++count}` } };
        await ask('branch:NORTH', 'anywhere', request, 'taken');
        continue;
      }
      const at = (branch: Branch, source = ownSource) => row.at(branch, source);
      for (const scope of ['branch:NORTH', 'library:CITY', 'consortium'])
        await ask(scope, 'at NORTH', await at('NORTH'), 'taken');
      for (const scope of ['library:TOWN', 'branch:EAST'])
        await ask(scope, 'at NORTH', await at('NORTH'), 'OUT_OF_SCOPE');
      const beside = row.libraryIsOpen ? 'taken' : 'OUT_OF_SCOPE';
      await ask('branch:SOUTH', 'at NORTH', await at('NORTH'), beside);
      await ask('branch:NORTH', 'at SOUTH of the same library', await at('SOUTH'), beside);
      if (row.ofSource && role === 'integrator')
        await ask('branch:NORTH', 'of another source', await at('NORTH', otherSource), 'OUT_OF_SCOPE');
      if (!row.above) continue;
      await ask('library:CITY', 'at its library', row.above('library:CITY'), 'taken');
      await ask('branch:NORTH', 'at its library', row.above('library:CITY'), beside);
      await ask('library:TOWN', 'at another library', row.above('library:CITY'), 'OUT_OF_SCOPE');
      const total = row.consortiumIsOpen ? 'taken' : 'OUT_OF_SCOPE';
      for (const scope of ['branch:NORTH', 'library:CITY', 'consortium'])
        await ask(scope, 'at the consortium', row.above('consortium'), total);
    }
    expect(wrong).toEqual([]);
    expect(asked).toBeGreaterThan(0);
  });
});
