export const roles = [
  'admin',
  'privacy-officer',
  'branch-manager',
  'front-desk',
  'analyst',
  'integrator',
  'monitor',
] as const;

export type Role = (typeof roles)[number];

/** How far a permission of a role goes. */
export const extents = {
  '•': 'everywhere',
  s: 'within the scopes of the grant',
  n: 'within the scopes of the grant, when its `only` names the permission',
  c: 'everywhere, when a scope of the grant is the consortium',
  '–': 'never',
} as const;

export type Extent = keyof typeof extents;

/**
 * Who may do what, with a column for each of `roles` in their order. Routes name a permission, never a role.
 * docs/access.md is printed from this table.
 */
const table = {
  'figures.read': '• • s – s – –',
  'figures.explain': '• • s – s – –',
  'figures.persons': '• • s – – – –',
  'figures.close': '• – – – c – –',
  'costs.read': '• – s – s – –',
  'costs.write': '• – s – – s –',
  'patrons.read': '• • • • – – –',
  'patrons.write': '• • • • – – –',
  'patrons.import': '• – s – – n –',
  'patrons.merge': '• • • – – – –',
  'patrons.privacy': '• • – – – – –',
  'interactions.read': '• • s s – – –',
  'interactions.write': '• – s s – s –',
  'interactions.import': '• – s – – s –',
  'feedback.write': '• – s s – s –',
  'feedback.manage': '• – s – – – –',
  'feedback.read': '• • s – – – –',
  'surveys.read': '• • • • • – –',
  'directory.read': '• • • • • • –',
  views: '• • • • • – –',
  'directory.write': '• – – – – – –',
  'keys.manage': '• – – – – – –',
  'operations.read': '• • – – – – •',
  'operations.write': '• – – – – – –',
} as const;

export type Permission = keyof typeof table;

export const permissions = Object.keys(table) as readonly Permission[];

export function extentOf(role: Role, permission: Permission): Extent {
  return table[permission].split(' ')[roles.indexOf(role)] as Extent;
}
