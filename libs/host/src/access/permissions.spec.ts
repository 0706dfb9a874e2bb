import {
  extentOf,
  extents,
  permissions,
  roles,
  type Extent,
  type Permission,
  type Role,
} from './permissions.js';

/** What each role may do, by how far it goes. Whatever is not here, it may never do. */
const may: Readonly<Record<Role, Partial<Record<Extent, readonly string[]>>>> = {
  admin: { '•': permissions },
  'privacy-officer': {
    '•': [
      ...['figures.read', 'figures.explain', 'figures.persons'],
      ...['patrons.read', 'patrons.write', 'patrons.merge', 'patrons.privacy'],
      ...['interactions.read', 'feedback.read', 'surveys.read', 'directory.read', 'views'],
      'operations.read',
    ],
  },
  'branch-manager': {
    '•': ['patrons.read', 'patrons.write', 'patrons.merge', 'surveys.read', 'directory.read', 'views'],
    s: [
      ...['figures.read', 'figures.explain', 'figures.persons', 'costs.read', 'costs.write'],
      ...['patrons.import', 'interactions.read', 'interactions.write', 'interactions.import'],
      ...['feedback.write', 'feedback.manage', 'feedback.read'],
    ],
  },
  'front-desk': {
    '•': ['patrons.read', 'patrons.write', 'surveys.read', 'directory.read', 'views'],
    s: ['interactions.read', 'interactions.write', 'feedback.write'],
  },
  analyst: {
    '•': ['surveys.read', 'directory.read', 'views'],
    s: ['figures.read', 'figures.explain', 'costs.read'],
    c: ['figures.close'],
  },
  integrator: {
    '•': ['directory.read'],
    s: ['costs.write', 'interactions.write', 'interactions.import', 'feedback.write'],
    n: ['patrons.import'],
  },
  monitor: { '•': ['operations.read'] },
};

const expected = (role: Role, permission: Permission): string =>
  Object.entries(may[role]).find(([, names]) => names.includes(permission))?.[0] ?? '–';

describe('the permissions', () => {
  it('are these', () => {
    expect([...permissions].sort()).toEqual([
      ...['costs.read', 'costs.write', 'directory.read', 'directory.write'],
      ...['feedback.manage', 'feedback.read', 'feedback.write'],
      ...['figures.close', 'figures.explain', 'figures.persons', 'figures.read'],
      ...['interactions.import', 'interactions.read', 'interactions.write', 'keys.manage'],
      ...['operations.read', 'operations.write'],
      ...['patrons.import', 'patrons.merge', 'patrons.privacy', 'patrons.read', 'patrons.write'],
      ...['surveys.read', 'views'],
    ]);
  });

  it.each(roles)('of the role %s are these', (role) => {
    const cells = permissions.map((permission) => [permission, extentOf(role, permission)]);
    expect(cells).toEqual(permissions.map((permission) => [permission, expected(role, permission)]));
  });

  it('go as far as one of the extents says', () => {
    const used = new Set(
      roles.flatMap((role) => permissions.map((permission) => extentOf(role, permission))),
    );
    expect([...used].sort()).toEqual(Object.keys(extents).sort());
  });
});
