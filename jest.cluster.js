import preset from './jest.preset.js';

/** The suites that need real servers (`tools/backends up`): one after the other, since all of them share the servers. */
export default {
  ...preset,
  testMatch: ['**/*.cluster.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  maxWorkers: 1,
  testTimeout: 180_000,
};
