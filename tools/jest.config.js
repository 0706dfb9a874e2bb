import preset from '../jest.preset.js';

/**
 * With TESTED_BEFORE, when CI tests once more on another Node, without the long suites that say nothing about a Node: random
 * histories through the pure code, and what the documents' commands do in a clone, which fetch and build everything.
 */
const again = process.env['TESTED_BEFORE'] ? ['/sim/simulator\\.spec', '/documents\\.spec'] : [];

export default {
  ...preset,
  // The longest suites of all are here, and the other packages have ended when these begin.
  maxWorkers: 2,
  testPathIgnorePatterns: [...preset.testPathIgnorePatterns, ...again],
};
