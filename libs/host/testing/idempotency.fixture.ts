import { Unavailable, type AccessStore, type Adapters } from '@readership/kernel';
import { Contexts } from '../src/contexts.js';
import { issuedKey } from './issued-key.fixture.js';
import type { TestAnswer, TestApp, TestRequest } from './test-app.fixture.js';

/** An application, and how its clock moves. */
export interface KeyedPlace {
  readonly app: TestApp;
  readonly adapters: Adapters;
  pass(hours: number): void;
}

/**
 * Resolves to a request that makes something, another thing for each number. It may make first, without a key, what it
 * needs.
 */
export type Making = (n: number) => TestRequest | Promise<TestRequest>;

const keyed = ({ headers, ...request }: TestRequest, key: string): TestRequest => ({
  ...request,
  headers: { ...headers, 'idempotency-key': key },
});

/** Without what differs when the same request comes again: the outcome of a thing, and a secret that is shown once. */
function content({ body }: TestAnswer): unknown {
  if (Array.isArray(body)) return body.map(plain);
  return plain(body as object);
}
const plain = ({ outcome: _outcome, key: _key, ...rest }: { outcome?: unknown; key?: unknown }): object =>
  rest;

const crash = new Unavailable('STORE_UNAVAILABLE', 'the process ended before it could answer');

/** Ends a request, as if the process ended, after the nth write that it does. Resolves to true when it did so many. */
async function endingAfter(
  n: number,
  { app, adapters }: KeyedPlace,
  request: () => Promise<TestAnswer>,
): Promise<boolean> {
  let left = n;
  const places: object[] = [
    adapters.access,
    ...app.app.get(Contexts, { strict: false }).all.map(({ store }) => store),
  ];
  const written = async <T>(isOurs: boolean, writing: Promise<T>): Promise<T> => {
    const answer = await writing;
    if (isOurs && --left === 0) throw crash;
    return answer;
  };
  const restored: (() => void)[] = [];
  const wrap = (place: any, name: string, isOurs: (...args: any[]) => boolean): void => {
    // The store that an application has stands behind a gate, which would lead back to what is set here.
    const original = Object.getPrototypeOf(place)[name];
    place[name] = (...args: any[]) => written(isOurs(...args), original.apply(place, args));
    restored.push(() => delete place[name]);
  };
  for (const place of places) {
    if (place === adapters.access) wrap(place, 'put', (id: string) => id.startsWith('key.'));
    else {
      wrap(place, 'append', (_stream, _version, _events, { actor }) => actor === 'admin');
      wrap(place, 'appendEach', (commits) => commits[0]?.meta.actor === 'admin');
    }
  }
  try {
    const { status, text } = await request();
    if (left > 0) return false;
    if (status !== 503) throw new Error(`expected a crash, got ${status}: ${text}`);
    return true;
  } finally {
    for (const restore of restored) restore();
  }
}

/** Tests that every one of these requests makes something once for an idempotency key. */
export function keepsIdempotencyKeys(
  place: () => KeyedPlace,
  makings: Readonly<Record<string, Making>>,
): void {
  const ok = async (request: TestRequest): Promise<TestAnswer> => {
    const answer = await place().app.http(request);
    if (answer.status >= 300)
      throw new Error(`${request.url}: ${answer.status} ${answer.text.slice(0, 2000)}`);
    return answer;
  };
  const recorded = async (): Promise<number> => {
    await place().app.settled();
    return place().app.recordedSoFar();
  };
  const keysLeft = async (access: AccessStore): Promise<number> =>
    (await access.list({ limit: 1000 })).filter(({ id }) => id.startsWith('key.')).length;

  describe.each(Object.entries(makings))('%s with an Idempotency-Key', (_name, making) => {
    it('makes it once, and answers the same again', async () => {
      const { adapters, pass } = place();
      const request = keyed(await making(1), 'one');
      const first = await ok(request);
      const before = [await recorded(), await keysLeft(adapters.access)];
      pass(23.9);
      for (let times = 0; times < 2; times++) expect(content(await ok(request))).toEqual(content(first));
      expect([await recorded(), await keysLeft(adapters.access)]).toEqual(before);
    });

    it('refuses another request with the key, and changes nothing', async () => {
      const { app, adapters, pass } = place();
      const [request, other] = [await making(1), await making(2)];
      await ok(keyed(request, 'one'));
      const changed = { ...request, body: other.body };
      // Some have no body.
      if (request.body === undefined || JSON.stringify(changed.body) === JSON.stringify(request.body)) {
        changed.headers = { ...request.headers, 'if-match': '"v1"' };
      }
      const before = [await recorded(), await keysLeft(adapters.access)];
      await app.when(keyed(changed, 'one')).thenRefused(422, 'IDEMPOTENCY_KEY_REUSED');
      expect([await recorded(), await keysLeft(adapters.access)]).toEqual(before);
      pass(24);
      const { body } = await app.http(keyed(changed, 'one'));
      expect((body as { code?: string }).code).not.toBe('IDEMPOTENCY_KEY_REUSED');
    });

    it('makes another for another sender with the same key', async () => {
      const { app, adapters } = place();
      const key = await issuedKey(app, adapters, [{ role: 'admin', scopes: ['consortium'] }]);
      const [mine, theirs] = [await making(1), await making(2)];
      await ok(keyed(mine, 'one'));
      const before = await recorded();
      const first = await ok({ ...keyed(theirs, 'one'), key });
      const between = await recorded();
      expect(between).toBeGreaterThan(before);
      expect(content(await ok({ ...keyed(theirs, 'one'), key }))).toEqual(content(first));
      expect(await recorded()).toBe(between);
    });

    it('makes it once when it comes several times at the same time', async () => {
      const { adapters } = place();
      const [alone, together] = [await making(1), await making(2)];
      const before = [await recorded(), await keysLeft(adapters.access)] as const;
      await ok(keyed(alone, 'one'));
      const between = [await recorded(), await keysLeft(adapters.access)] as const;
      const answers = await Promise.all([1, 2, 3, 4].map(() => ok(keyed(together, 'two'))));
      for (const answer of answers) expect(content(answer)).toEqual(content(answers[0]!));
      const made = [(await recorded()) - between[0], (await keysLeft(adapters.access)) - between[1]];
      expect(made).toEqual([between[0] - before[0], between[1] - before[1]]);
    });

    it('makes it once when the process ends after any of its writes', async () => {
      const { app, adapters } = place();
      const alone = keyed(await making(1), 'alone');
      const start = await recorded();
      await ok(alone);
      const made = (await recorded()) - start;
      let writes = 0;
      for (let ended = true; ended;) {
        const request = keyed(await making(2 + writes), `after ${writes + 1}`);
        const before = [await recorded(), await keysLeft(adapters.access)] as const;
        ended = await endingAfter(writes + 1, place(), () => app.http(request));
        const first = await ok(request);
        const after = [await recorded(), await keysLeft(adapters.access)] as const;
        expect(after[0] - before[0]).toBe(made);
        expect(content(await ok(request))).toEqual(content(first));
        expect([await recorded(), await keysLeft(adapters.access)]).toEqual(after);
        if (ended) writes++;
      }
      expect(writes).toBeGreaterThan(0);
    });
  });
}
