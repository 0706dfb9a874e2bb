import preset from '../jest.preset.js';

// The longest suites of all are here, and the other packages have ended when these begin.
export default { ...preset, maxWorkers: 2 };
