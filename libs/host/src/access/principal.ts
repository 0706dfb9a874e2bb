import { extentOf, permissions, type Permission, type Role } from './permissions.js';

/** `consortium`, `library:<id>` or `branch:<id>`. A wider scope contains the narrower ones. */
export type ScopeName = string;

export const scopeForm = /^(?:consortium|(?:library|branch):[A-Za-z0-9-]{1,32})$/;

export function branchScope(branch: string): ScopeName {
  return `branch:${branch}`;
}

export interface Grant {
  readonly role: Role;
  readonly scopes: readonly ScopeName[];
  /** The permissions of the role that the grant has. By default it has all of them. */
  readonly only?: readonly Permission[];
  /** The sources whose interactions an integrator may send and correct. */
  readonly sources?: readonly string[];
}

/** Who sends a request, by one credential. */
export interface Principal {
  /** Stands in events and records of access. It names no person. */
  readonly id: string;
  readonly kind: 'key' | 'person';
  readonly grants: readonly Grant[];
}

/** How far one grant reaches with one permission. */
export interface Reach {
  readonly grant: Grant;
  /** `everywhere`, or the scopes of the grant. */
  readonly scopes: 'everywhere' | readonly ScopeName[];
}

/** Each grant that has the permission, with how far it reaches. Nothing when the principal lacks the permission. */
export function reachesOf(grants: readonly Grant[], permission: Permission): readonly Reach[] {
  return grants.flatMap((grant): readonly Reach[] => {
    const { role, scopes, only } = grant;
    if (only !== undefined && !only.includes(permission)) return [];
    switch (extentOf(role, permission)) {
      case '•':
        return [{ grant, scopes: 'everywhere' }];
      case 's':
        return [{ grant, scopes }];
      case 'n':
        return only === undefined ? [] : [{ grant, scopes }];
      case 'c':
        return scopes.includes('consortium') ? [{ grant, scopes: 'everywhere' }] : [];
      case '–':
        return [];
    }
  });
}

/** What a principal may do and where, as `GET /v1/me` shows it. */
export function permissionsOf(
  grants: readonly Grant[],
): readonly { readonly permission: Permission; readonly scopes: readonly ScopeName[] }[] {
  return permissions.flatMap((permission) => {
    const reaches = reachesOf(grants, permission);
    if (reaches.length === 0) return [];
    const everywhere = reaches.some(({ scopes }) => scopes === 'everywhere' || scopes.includes('consortium'));
    const scopes = everywhere ? ['consortium'] : reaches.flatMap((reach) => reach.scopes);
    return [{ permission, scopes: [...new Set(scopes)].sort() }];
  });
}
