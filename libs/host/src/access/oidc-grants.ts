import { HttpProblem } from '../http-problem.js';
import { isScopeName, type OidcConfig } from './oidc-config.js';
import type { Grant } from './principal.js';

type Claims = Readonly<Record<string, unknown>>;

const namedMax = 10;
const nameMax = 60;

/** The groups that a token names, each once. */
export function groupsOf(claims: Claims, { rolesClaim }: Pick<OidcConfig, 'rolesClaim'>): readonly string[] {
  const value = claimAt(claims, rolesClaim);
  const groups = (Array.isArray(value) ? value : [value]) as readonly unknown[];
  return [...new Set(groups.filter((group): group is string => typeof group === 'string' && group !== ''))];
}

/** What the groups of a token permit. A group without scopes, of its own or of the token, gives nothing. */
export function grantsOf(
  claims: Claims,
  groups: readonly string[],
  { roles, scopesClaim }: Pick<OidcConfig, 'roles' | 'scopesClaim'>,
): readonly Grant[] {
  const named = scopesClaim === undefined ? [] : scopesIn(claimAt(claims, scopesClaim));
  return groups.flatMap((group): readonly Grant[] => {
    const given = roles.get(group);
    const scopes = given?.scopes ?? named;
    return given === undefined || scopes.length === 0 ? [] : [{ role: given.role, scopes }];
  });
}

/** The refusal of a person whom no group gives a role here. It tells them what to ask their administrator for. */
export function noRole(groups: readonly string[]): HttpProblem {
  const shown = groups.slice(0, namedMax).map((group) => `«${printable(group)}»`);
  const others = groups.length - shown.length;
  const named =
    groups.length === 0
      ? 'Your token names no group'
      : `Your token names ${shown.join(', ')}${others > 0 ? ` and ${others} others` : ''}, of which none gives a role with scopes here`;
  return new HttpProblem(
    403,
    'NO_ROLE',
    `${named}: ask an administrator to put you into a group that has a role here, or to map one of yours.`,
  );
}

function scopesIn(claim: unknown): readonly string[] {
  const named = typeof claim === 'string' ? claim.split(/[\s,]+/) : Array.isArray(claim) ? claim : [];
  return [
    ...new Set(
      (named as readonly unknown[]).filter(
        (name): name is string => typeof name === 'string' && isScopeName(name),
      ),
    ),
  ];
}

/** What an RFC 6901 pointer points at; `undefined` when there is nothing. */
function claimAt(claims: Claims, pointer: string): unknown {
  let value: unknown = claims;
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Claims)[name];
  }
  return value;
}

/** Letters, marks, digits, punctuation, symbols and spaces alone, cut to what fits. */
function printable(text: string): string {
  return [...text.replaceAll(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, '')].slice(0, nameMax).join('');
}
