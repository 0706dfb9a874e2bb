import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What the build writes or does not read. */
const skipped = new Set(['node_modules', 'dist', 'bundle', '.reports', '.nx', '.backends']);

export function isBuilt(root, projects) {
  const at = changedAt(join(root, 'node_modules/.readership', projects));
  const programs = projects.split(',').map((project) => join(root, programOf(project)));
  if (at === 0 || programs.some((program) => changedAt(program) === 0)) return false;
  const files = ['package-lock.json', 'tsconfig.base.json', 'nx.json'].map((name) => join(root, name));
  const folders = ['libs', 'apps', 'tools'].map((name) => join(root, name));
  return files.every((file) => changedAt(file) <= at) && folders.every((folder) => isOlder(folder, at));
}

/** `tools`, `standalone`, or a service such as `feedback-service`. */
function programOf(project) {
  return project === 'tools'
    ? 'tools/dist/cli/main.js'
    : `apps/${project.replace(/-service$/, '')}/bundle/main.js`;
}

function isOlder(folder, at) {
  return readdirSync(folder, { withFileTypes: true }).every((entry) => {
    if (skipped.has(entry.name)) return true;
    const path = join(folder, entry.name);
    return entry.isDirectory() ? isOlder(path, at) : changedAt(path) <= at;
  });
}

const changedAt = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
