/** Credentials with which the sample can be seen as each of those who work with it, by role. */
export const roleKeys = {
  'privacy-officer': { name: 'Privacy officer of the consortium', scopes: ['consortium'] },
  'branch-manager': {
    name: 'Manager of Central Library and Old Docks',
    scopes: ['branch:HAR-CENTRAL', 'branch:HAR-DOCKS'],
  },
  'front-desk': { name: 'Front desk of Central Library', scopes: ['branch:HAR-CENTRAL'] },
  analyst: { name: 'Analyst of Three Lakes County Library', scopes: ['library:LAKES'] },
  integrator: { name: 'Library system of Harbor City', scopes: ['library:HARBOR'] },
  monitor: { name: 'Monitoring', scopes: ['consortium'] },
} as const;
