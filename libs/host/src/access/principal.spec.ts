import fc from 'fast-check';
import { extentOf, permissions, roles } from './permissions.js';
import { permissionsOf, reachesOf, type Grant } from './principal.js';

const manager: Grant = { role: 'branch-manager', scopes: ['branch:NORTH', 'branch:EAST'] };
const desk: Grant = { role: 'front-desk', scopes: ['branch:SOUTH'] };

describe('a grant reaches', () => {
  it('everywhere with what its role may do everywhere', () =>
    expect(reachesOf([desk], 'patrons.read')).toEqual([{ grant: desk, scopes: 'everywhere' }]));

  it('its scopes with what its role may do within them', () =>
    expect(reachesOf([manager], 'costs.write')).toEqual([{ grant: manager, scopes: manager.scopes }]));

  it('nowhere with what its role may never do', () =>
    expect(reachesOf([manager, desk], 'keys.manage')).toEqual([]));

  it('nowhere with what its `only` leaves out', () => {
    const grant: Grant = { ...manager, only: ['costs.read'] };
    expect(reachesOf([grant], 'costs.read')).toEqual([{ grant, scopes: manager.scopes }]);
    expect(reachesOf([grant], 'costs.write')).toEqual([]);
    expect(reachesOf([grant], 'patrons.read')).toEqual([]);
  });

  it('nowhere with what its `only` names and its role may never do', () =>
    expect(reachesOf([{ ...desk, only: ['keys.manage'] }], 'keys.manage')).toEqual([]));

  it('its scopes with the import of patrons as an integrator, when its `only` names it', () => {
    const integrator: Grant = { role: 'integrator', scopes: ['library:CITY'] };
    expect(reachesOf([integrator], 'patrons.import')).toEqual([]);
    const named: Grant = { ...integrator, only: ['patrons.import'] };
    expect(reachesOf([named], 'patrons.import')).toEqual([{ grant: named, scopes: ['library:CITY'] }]);
    expect(reachesOf([named], 'interactions.import')).toEqual([]);
  });

  it('everywhere with the closing of months as an analyst of the consortium, and of nothing less', () => {
    const of = (...scopes: string[]): Grant => ({ role: 'analyst', scopes });
    expect(reachesOf([of('library:CITY', 'branch:NORTH')], 'figures.close')).toEqual([]);
    const grant = of('library:CITY', 'consortium');
    expect(reachesOf([grant], 'figures.close')).toEqual([{ grant, scopes: 'everywhere' }]);
  });
});

it('each grant is judged alone', () => {
  const analyst: Grant = { role: 'analyst', scopes: ['library:CITY'] };
  const grants = [manager, desk, analyst];
  expect(reachesOf(grants, 'figures.read').map(({ grant }) => grant)).toEqual([manager, analyst]);
  expect(reachesOf(grants, 'interactions.write').map(({ grant }) => grant)).toEqual([manager, desk]);
  expect(reachesOf(grants, 'costs.write').map(({ grant }) => grant)).toEqual([manager]);
});

describe('what a principal may do', () => {
  it('is nothing without a grant', () => expect(permissionsOf([])).toEqual([]));

  it('is listed in the order of the table, with the scopes of all grants, each once', () => {
    const other: Grant = { role: 'front-desk', scopes: ['branch:SOUTH', 'branch:EAST'] };
    const listed = permissionsOf([manager, other]);
    expect(listed.map(({ permission }) => permission)).toEqual(
      permissions.filter((permission) => listed.some((each) => each.permission === permission)),
    );
    expect(listed).toContainEqual({
      permission: 'interactions.write',
      scopes: ['branch:EAST', 'branch:NORTH', 'branch:SOUTH'],
    });
    expect(listed).toContainEqual({ permission: 'costs.read', scopes: ['branch:EAST', 'branch:NORTH'] });
    expect(listed).toContainEqual({ permission: 'patrons.read', scopes: ['consortium'] });
  });

  it('is in the consortium alone, when one grant contains all', () => {
    const all: Grant = { role: 'branch-manager', scopes: ['branch:NORTH', 'consortium'] };
    expect(permissionsOf([manager, all])).toContainEqual({
      permission: 'costs.read',
      scopes: ['consortium'],
    });
  });

  it('never is more than the roles of its grants may do', () => {
    const grant = fc.record(
      {
        role: fc.constantFrom(...roles),
        scopes: fc.array(fc.constantFrom('consortium', 'library:CITY', 'branch:NORTH'), { minLength: 1 }),
        only: fc.array(fc.constantFrom(...permissions), { minLength: 1 }),
      },
      { requiredKeys: ['role', 'scopes'] },
    );
    fc.assert(
      fc.property(fc.array(grant, { maxLength: 4 }), (grants) => {
        for (const { permission } of permissionsOf(grants)) {
          const may = grants.filter(({ only }) => only?.includes(permission) ?? true);
          expect(may.some(({ role }) => extentOf(role, permission) !== '–')).toBe(true);
        }
      }),
    );
  });
});
