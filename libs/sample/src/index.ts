export { roleKeys } from './role-keys.js';
export { readLoadState, saveLoadState } from './load-state.js';
export { loadSample, type LoadProgress, type LoadState } from './load.js';
export { sampleSteps, small, type SampleSize, type Step } from './sample.js';
