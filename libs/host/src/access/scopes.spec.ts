import type { Reach } from './principal.js';
import { BranchLibraries, Scopes } from './scopes.js';

const libraries: Readonly<Record<string, string>> = { NORTH: 'CITY', SOUTH: 'CITY', EAST: 'TOWN' };
let lookedUp: string[] = [];
class Known extends BranchLibraries {
  async librariesOf(branches: Iterable<string>): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>();
    for (const id of branches) {
      lookedUp.push(id);
      if (libraries[id] !== undefined) found.set(id, libraries[id]);
    }
    return found;
  }
}
const scopes = new Scopes(new Known());
beforeEach(() => (lookedUp = []));

const reach = (names: Reach['scopes'], sources?: string[]): Reach => ({
  grant: { role: 'integrator', scopes: [], ...(sources ? { sources } : {}) },
  scopes: names,
});
const all = ['consortium', 'library:CITY', 'library:TOWN', 'branch:NORTH', 'branch:EAST', 'branch:NEW'];

describe('a request', () => {
  it.each<[string, Reach[], string[]]>([
    ['everywhere', [reach('everywhere')], all],
    ['in the consortium', [reach(['branch:NORTH', 'consortium'])], all],
    ['in a library', [reach(['library:CITY'])], ['library:CITY', 'branch:NORTH']],
    ['in branches', [reach(['branch:NORTH']), reach(['branch:EAST'])], ['branch:NORTH', 'branch:EAST']],
    ['in a library whose id is a word', [reach(['library:undefined'])], []],
    ['nowhere', [], []],
  ])('%s may be about what that contains', async (_where, reaches, expected) => {
    const may = await scopes.judge(reaches, all);
    expect(all.filter((scope) => may(scope))).toEqual(expected);
  });

  it('for sources may be about those within the scopes of the same grant', async () => {
    const may = await scopes.judge([reach(['branch:NORTH'], ['/a']), reach(['branch:EAST'])], all);
    expect([may('branch:NORTH', '/a'), may('branch:NORTH', '/b'), may('branch:EAST', '/b')]).toEqual([
      true,
      false,
      true,
    ]);
  });

  it('looks up libraries only for grants of libraries', async () => {
    await scopes.judge([reach(['branch:NORTH'])], all);
    expect(lookedUp).toEqual([]);
    await scopes.judge([reach(['library:CITY'])], all);
    expect(lookedUp).toEqual(['NORTH', 'EAST', 'NEW']);
  });

  it('for a list names a branch within its scopes, or reaches the consortium', async () => {
    await scopes.expectList([reach(['consortium'])], undefined);
    await scopes.expectList([reach(['library:CITY'])], 'SOUTH');
    const refused = { code: 'OUT_OF_SCOPE', kind: 'forbidden' };
    await expect(scopes.expectList([reach(['library:CITY'])], 'EAST')).rejects.toMatchObject(refused);
    const detail = expect.stringContaining('in branch:NORTH, library:CITY only. Name a branch') as string;
    const reaches = [reach(['library:CITY', 'branch:NORTH'])];
    await expect(scopes.expectList(reaches, undefined)).rejects.toMatchObject({ ...refused, detail });
  });
});
