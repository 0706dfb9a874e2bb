import fc from 'fast-check';
import type { Grant, Reach } from './principal.js';
import { BranchLibraries, outOfScope, Scopes, type Judge } from './scopes.js';

const libraries = new Map([
  ['NORTH', 'CITY'],
  ['SOUTH', 'CITY'],
  ['EAST', 'TOWN'],
]);

/** The branches of each look-up. */
let looked: string[][];
beforeEach(() => {
  looked = [];
});

class Known extends BranchLibraries {
  librariesOf(branches: Iterable<string>): Promise<ReadonlyMap<string, string>> {
    const asked = [...branches];
    looked.push(asked);
    return Promise.resolve(new Map([...libraries].filter(([branch]) => asked.includes(branch))));
  }
}
const scopes = new Scopes(new Known());

function reach(own: Reach['scopes'], sources?: readonly string[]): Reach {
  const grant: Grant = {
    role: 'integrator',
    scopes: own === 'everywhere' ? ['consortium'] : own,
    ...(sources ? { sources } : {}),
  };
  return { grant, scopes: own };
}
const branches = ['branch:NORTH', 'branch:SOUTH', 'branch:EAST'];
const all = ['consortium', 'library:CITY', 'library:TOWN', ...branches];
const permitted = (judge: Judge) => all.filter((scope) => judge(scope));

describe('a reach contains', () => {
  it.each<[string, Reach['scopes'], readonly string[]]>([
    ['all, when it goes everywhere', 'everywhere', all],
    ['all, when it is of the consortium', ['consortium'], all],
    ['a library and its branches', ['library:CITY'], ['library:CITY', 'branch:NORTH', 'branch:SOUTH']],
    ['a branch, and not its library', ['branch:NORTH'], ['branch:NORTH']],
    ['each of several', ['branch:NORTH', 'library:TOWN'], ['library:TOWN', 'branch:NORTH', 'branch:EAST']],
    ['nothing of a library that has no branch', ['library:NONE'], []],
    ['nothing that only has the same letters', ['branch:NORTH-2', 'library:NORTH', 'branch:CITY'], []],
  ])('%s', async (_, own, expected) =>
    expect(permitted(await scopes.judge([reach(own)], all))).toEqual(expected),
  );

  it('nothing of a branch that is not known', async () => {
    // Also when a library has the name of what is not there.
    for (const library of ['CITY', 'undefined', 'null', '']) {
      const judge = await scopes.judge([reach([`library:${library}`])], ['branch:LOST']);
      expect(judge('branch:LOST')).toBe(false);
    }
  });
});

it('no reach permits nothing', async () => expect(permitted(await scopes.judge([], all))).toEqual([]));

it('several reaches permit what any of them permits, and each is judged alone', async () => {
  const reaches = [reach(['branch:NORTH'], ['/a']), reach(['library:CITY'], ['/b'])];
  const judge = await scopes.judge(reaches, all);
  expect(['branch:NORTH', 'branch:SOUTH'].map((scope) => judge(scope, '/a'))).toEqual([true, false]);
  expect(['branch:NORTH', 'branch:SOUTH'].map((scope) => judge(scope, '/b'))).toEqual([true, true]);
  expect(judge('branch:NORTH', '/c')).toBe(false);
});

it('a reach permits what the union of its scopes permits', () =>
  fc.assert(
    fc.asyncProperty(fc.subarray(all), fc.subarray(all), async (a, b) => {
      const of = async (...own: string[][]) =>
        new Set(
          permitted(
            await scopes.judge(
              own.map((each) => reach(each)),
              all,
            ),
          ),
        );
      expect(await of([...a, ...b])).toEqual(new Set([...(await of(a)), ...(await of(b))]));
      expect(await of(a, b)).toEqual(await of([...a, ...b]));
    }),
  ));

describe('sources', () => {
  it('limit interactions to those that are named, everywhere too', async () => {
    for (const own of ['everywhere', ['consortium'], ['branch:NORTH']] as const) {
      const judge = await scopes.judge([reach(own, ['/a', '/b'])], all);
      expect(['/a', '/b', '/c', '/A', ''].map((source) => judge('branch:NORTH', source))).toEqual([
        ...[true, true],
        ...[false, false, false],
      ]);
    }
  });

  it('limit nothing that has no source', async () => {
    const judge = await scopes.judge([reach(['branch:NORTH'], ['/a'])], all);
    expect([judge('branch:NORTH'), judge('branch:EAST')]).toEqual([true, false]);
  });

  it('do not limit another grant', async () => {
    const judge = await scopes.judge([reach(['branch:NORTH'], ['/a']), reach('everywhere')], all);
    expect(judge('branch:EAST', '/c')).toBe(true);
  });
});

describe('the libraries of branches are looked up', () => {
  it('once for all lines, each branch once', async () => {
    function* lines() {
      for (let line = 0; line < 1000; line++) yield branches[line % 3]!;
    }
    const judge = await scopes.judge(
      [reach(['library:CITY']), reach(['library:TOWN', 'branch:NORTH'])],
      lines(),
    );
    for (const scope of branches) judge(scope);
    expect(looked).toEqual([['NORTH', 'SOUTH', 'EAST']]);
  });

  it.each<[string, readonly Reach[], readonly string[]]>([
    ['whoever reaches everywhere', [reach(['library:CITY']), reach('everywhere')], branches],
    ['whoever reaches branches alone', [reach(['branch:NORTH'])], branches],
    [
      'whoever has the consortium for some sources',
      [reach(['consortium', 'library:CITY'], ['/a'])],
      branches,
    ],
    ['a request that names no branch', [reach(['library:CITY'])], ['library:CITY', 'consortium']],
    ['nobody', [], branches],
  ])('not for %s', async (_, reaches, asked) => {
    await scopes.judge(reaches, asked);
    expect(looked).toEqual([]);
  });
});

describe('a request outside the scopes is refused OUT_OF_SCOPE', () => {
  it('and inside it is not', async () => {
    await scopes.expect([reach(['library:CITY'])], 'branch:NORTH');
    await expect(scopes.expect([reach(['library:CITY'])], 'branch:EAST')).rejects.toMatchObject({
      code: 'OUT_OF_SCOPE',
      kind: 'forbidden',
      detail: 'Your credential permits this in library:CITY only.',
    });
    await expect(
      scopes.expect([reach(['branch:NORTH'], ['/a'])], 'branch:NORTH', '/b'),
    ).rejects.toMatchObject({
      detail: 'Your credential permits this in branch:NORTH only, and for its own sources.',
    });
  });

  it('which names the scopes one has, each once, and at most ten', () => {
    const many = Array.from({ length: 12 }, (_, at) => `branch:B${10 + at}`);
    const { detail } = outOfScope([reach(many), reach(many)]);
    expect(detail).toBe(`Your credential permits this in ${many.slice(0, 10).join(', ')}, others only.`);
  });
});
