import { BadConfig, readConfig } from '../config.js';

const env = {
  READERSHIP_OIDC_ISSUER: 'https://login.example/realms/libraries',
  READERSHIP_OIDC_AUDIENCE: 'readership',
  READERSHIP_OIDC_CLIENT_ID: 'readership-console',
  READERSHIP_OIDC_ROLES: '{"lib-desk": {"role": "front-desk", "scopes": ["library:N"]}}',
};

function problems(more: Readonly<Record<string, string>>): readonly string[] {
  try {
    readConfig({ ...env, ...more });
    return [];
  } catch (error) {
    return (error as BadConfig).problems;
  }
}

it('people have no sign-in when nothing is said of it', () => {
  const empty = Object.fromEntries(Object.keys(env).map((name) => [name, '']));
  expect([readConfig({}), readConfig(empty)].filter((config) => 'oidc' in config)).toEqual([]);
});

it('the groups are in the claim `groups`, unless it is said where', () => {
  const expected = {
    issuer: env.READERSHIP_OIDC_ISSUER,
    audience: 'readership',
    clientId: 'readership-console',
    rolesClaim: '/groups',
    roles: new Map([['lib-desk', { role: 'front-desk', scopes: ['library:N'] }]]),
  };
  expect(readConfig(env).oidc).toEqual(expected);
  const claims = {
    READERSHIP_OIDC_ROLES_CLAIM: '/realm_access/roles',
    READERSHIP_OIDC_SCOPES_CLAIM: '/https:~1~1libraries.example~1scopes',
    READERSHIP_OIDC_ROLES: '{"desk": {"role": "front-desk"}}',
  };
  expect(readConfig({ ...env, ...claims }).oidc).toEqual({
    ...expected,
    rolesClaim: '/realm_access/roles',
    scopesClaim: '/https:~1~1libraries.example~1scopes',
    roles: new Map([['desk', { role: 'front-desk' }]]),
  });
});

it.each(Object.keys(env))('%s is needed when another is given', (name) =>
  expect(problems({ [name]: '' })).toEqual([`${name}: set it, or ${name}_FILE`]),
);

it.each([
  'https://login.example/',
  'http://localhost:8081/realms/x',
  'http://127.0.0.1:8081',
  'http://[::1]',
])('an issuer may be %s, and is kept to the letter', (issuer) =>
  expect(readConfig({ ...env, READERSHIP_OIDC_ISSUER: issuer }).oidc!.issuer).toBe(issuer),
);

it.each([
  'login.example',
  'http://login.example',
  'ftp://login.example',
  'https://me:secret@login.example',
  'https://login.example/?x',
  'https://login.example/#x',
])('an issuer cannot be %s', (issuer) =>
  expect(problems({ READERSHIP_OIDC_ISSUER: issuer })).toEqual([
    'READERSHIP_OIDC_ISSUER: an https address, or http on this machine, without query and fragment',
  ]),
);

it.each(['groups', '/a~', '/a~2', ''.padEnd(40, '~')])('a claim cannot be at %s', (pointer) =>
  expect(problems({ READERSHIP_OIDC_ROLES_CLAIM: pointer, READERSHIP_OIDC_SCOPES_CLAIM: pointer })).toEqual(
    ['ROLES', 'SCOPES'].map(
      (name) => `READERSHIP_OIDC_${name}_CLAIM: a JSON pointer such as /groups or /realm_access/roles`,
    ),
  ),
);

it('each fault has a line, and no line quotes what was given', () => {
  const given = {
    READERSHIP_OIDC_AUDIENCE: 'with space',
    READERSHIP_OIDC_ROLES: JSON.stringify({
      right: { role: 'admin', scopes: ['consortium', 'library:N-1', 'branch:b'] },
      odd: { role: 'librarian', scopes: ['library:'] },
      more: { role: 'analyst', scopes: [], only: ['patrons.read'] },
      none: null,
    }),
  };
  const scopes =
    'scopes: a list of consortium, library:<id> or branch:<id>, or none to take those of the token';
  expect(problems(given)).toEqual([
    'READERSHIP_OIDC_AUDIENCE: 1 to 300 printable characters without spaces',
    'READERSHIP_OIDC_ROLES: group 2: role: one of admin, privacy-officer, branch-manager, front-desk, analyst, integrator, monitor',
    `READERSHIP_OIDC_ROLES: group 2: ${scopes}`,
    `READERSHIP_OIDC_ROLES: group 3: ${scopes}`,
    'READERSHIP_OIDC_ROLES: group 3: an object of role and scopes alone',
    'READERSHIP_OIDC_ROLES: group 4: an object of role and scopes alone',
  ]);
});

it.each(['lib-desk=front-desk', '{}', '[]', 'null', '"x"', '7'])('the roles cannot be %s', (roles) =>
  expect(problems({ READERSHIP_OIDC_ROLES: roles })).toEqual([
    'READERSHIP_OIDC_ROLES: a JSON object of groups such as {"lib-desk": {"role": "front-desk", "scopes": ["library:N"]}}',
  ]),
);

it('a group whose scopes nobody says is a fault', () =>
  expect(
    problems({
      READERSHIP_OIDC_ROLES: '{"a": {"role": "analyst", "scopes": ["consortium"]}, "b": {"role": "analyst"}}',
    }),
  ).toEqual(['READERSHIP_OIDC_ROLES: group 2: give it scopes, or set READERSHIP_OIDC_SCOPES_CLAIM']));
