import { z } from 'zod';
import { roles, type Role } from './permissions.js';
import { scopeForm, type ScopeName } from './principal.js';

/** How people sign in: who issues their tokens, and what the groups that a token names may do here. */
export interface OidcConfig {
  /** As the tokens name it, to the letter. */
  readonly issuer: string;
  /** What tokens for this deployment are issued for. */
  readonly audience: string;
  /** By which name the console asks the issuer for tokens. */
  readonly clientId: string;
  /** JSON pointer to the groups among the claims of a token. */
  readonly rolesClaim: string;
  /** JSON pointer to the scopes of the groups that have none of their own. */
  readonly scopesClaim?: string;
  readonly roles: ReadonlyMap<string, GroupRole>;
}

/** What a group of the issuer gives. */
export interface GroupRole {
  readonly role: Role;
  /** By default those that the token names. */
  readonly scopes?: readonly ScopeName[];
}

/** True for `consortium`, `library:<id>` and `branch:<id>`. */
export function isScopeName(text: string): boolean {
  return scopeForm.test(text);
}

/** True for https and, on this machine, for http. What such an address answers can be trusted to come from it. */
export function isTrustworthy(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname, username, password } = new URL(address);
  if (username !== '' || password !== '') return false;
  return (
    protocol === 'https:' || (protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname))
  );
}

const printable = z.string().regex(/^[\x21-\x7e]{1,300}$/, '1 to 300 printable characters without spaces');

const pointer = z
  .string()
  .regex(/^(?:\/(?:[^~/]|~[01])*)+$/, 'a JSON pointer such as /groups or /realm_access/roles');

const groupRole = z.strictObject({
  role: z.enum(roles, { error: `role: one of ${roles.join(', ')}` }),
  scopes: z
    .array(z.string({ error: scopesError() }).regex(scopeForm, scopesError()), { error: scopesError() })
    .min(1, scopesError())
    .exactOptional(),
});

function scopesError(): string {
  return 'scopes: a list of consortium, library:<id> or branch:<id>, or none to take those of the token';
}

const example = '{"lib-desk": {"role": "front-desk", "scopes": ["library:N"]}}';

const groupRoles = z.string().transform((text, check): ReadonlyMap<string, GroupRole> => {
  const add = (message: string) => check.addIssue({ code: 'custom', message });
  const found = new Map<string, GroupRole>();
  let groups: [string, unknown][] = [];
  try {
    const value = JSON.parse(text) as unknown;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) groups = Object.entries(value);
  } catch {
    // Said below, without the parser's message, which quotes.
  }
  if (groups.length === 0) add(`a JSON object of groups such as ${example}`);
  for (const [at, [group, value]] of groups.entries()) {
    const { success, data, error } = groupRole.safeParse(value);
    if (success) found.set(group, data);
    const faults = new Set(
      error?.issues.map(({ code, path, message }) =>
        code === 'unrecognized_keys' || path.length === 0 ? 'an object of role and scopes alone' : message,
      ),
    );
    for (const fault of faults) add(`group ${at + 1}: ${fault}`);
  }
  return found;
});

interface OidcVariable {
  readonly field: keyof OidcConfig;
  readonly schema: z.ZodType;
  readonly fallback?: string;
  readonly meaning: string;
}

export const oidcVariables: Readonly<Record<string, OidcVariable>> = {
  READERSHIP_OIDC_ISSUER: {
    field: 'issuer',
    schema: z
      .string()
      .refine(
        (text) => isTrustworthy(text) && !/[?#\s]/.test(text),
        'an https address, or http on this machine, without query and fragment',
      ),
    meaning:
      'Issuer of the tokens by which people sign in (OpenID Connect), exactly as tokens name it. If not set: people have no sign-in, and the five variables below must not be set.',
  },
  READERSHIP_OIDC_AUDIENCE: {
    field: 'audience',
    schema: printable,
    meaning: 'Audience that a token must be issued for. Needed with an issuer.',
  },
  READERSHIP_OIDC_CLIENT_ID: {
    field: 'clientId',
    schema: printable,
    meaning: 'Client id of the console at the issuer, a public client with PKCE. Needed with an issuer.',
  },
  READERSHIP_OIDC_ROLES_CLAIM: {
    field: 'rolesClaim',
    schema: pointer,
    fallback: '/groups',
    meaning: 'JSON pointer to the groups of a person among the claims of a token: a text or a list of texts.',
  },
  READERSHIP_OIDC_SCOPES_CLAIM: {
    field: 'scopesClaim',
    schema: pointer,
    meaning:
      'JSON pointer to the scopes of a person among the claims, a list or a text with spaces. They count for the groups that `READERSHIP_OIDC_ROLES` gives none. If not set: each group has its own.',
  },
  READERSHIP_OIDC_ROLES: {
    field: 'roles',
    schema: groupRoles,
    meaning: `JSON: the role, and the scopes, that each group of the issuer gives, such as \`${example}\`. Needed with an issuer.`,
  },
};

export const requiredWithIssuer: readonly (keyof OidcConfig)[] = ['issuer', 'audience', 'clientId', 'roles'];

/** What is wrong with values that are right each by itself, one line for each fault. */
export function faultsBetween({ roles: groups, scopesClaim }: Partial<OidcConfig>): readonly string[] {
  if (scopesClaim !== undefined) return [];
  return [...(groups?.values() ?? [])].flatMap(({ scopes }, at) =>
    scopes === undefined
      ? [`READERSHIP_OIDC_ROLES: group ${at + 1}: give it scopes, or set READERSHIP_OIDC_SCOPES_CLAIM`]
      : [],
  );
}
