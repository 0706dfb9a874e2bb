/**
 * With TESTED_BEFORE, when CI tests once more on another Node, without the long suites that say nothing about a Node: random
 * histories through pure code, what the documents' commands do in a clone and what a generator writes, which build
 * everything, how often answers read the store, and the commands of the command line that the services answer.
 */
const again = process.env['TESTED_BEFORE']
  ? [
      '/sim/simulator\\.spec',
      '/people-oracle\\.spec',
      '/histories\\.spec',
      '/documents\\.spec',
      '/generate/aggregate\\.spec',
      '/metrics/reads\\.http\\.spec',
      '/cli/(?:audit|rebuild|republish)\\.spec',
    ]
  : [];

/** One Jest configuration for every package: TypeScript sources as native ES modules, no build needed first. */
export default {
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['readership-source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  testMatch: ['**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '\\.cluster\\.spec\\.ts$', ...again],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'es6' },
      },
    ],
  },
  workerIdleMemoryLimit: '1GB',
  // Ends a test that hangs; long enough for a machine that others use too.
  testTimeout: 60_000,
};
