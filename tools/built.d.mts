/**
 * Whether `tools/build PROJECTS` has succeeded in the checkout at `root`, and no file that the build reads has changed
 * since. Takes milliseconds where asking Nx takes seconds.
 */
export function isBuilt(root: string, projects: string): boolean;
