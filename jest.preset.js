/** One Jest configuration for every package: TypeScript sources as native ES modules, no build needed first. */
export default {
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['readership-source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  testMatch: ['**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '\\.cluster\\.spec\\.ts$'],
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
