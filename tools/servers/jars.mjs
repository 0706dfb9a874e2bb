import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { need, run } from './commands.mjs';

/** The folder with the jars of `<name>/pom.xml`, downloaded once for each content of that file; it is never seen half full. */
export async function jars(name, cache) {
  const pom = join(import.meta.dirname, name, 'pom.xml');
  const digest = createHash('sha256').update(readFileSync(pom)).digest('hex').slice(0, 12);
  const folder = join(cache, `${name}-${digest}`);
  if (existsSync(folder)) return folder;
  await need('mvn', 'maven');
  console.log(`${name}: downloading …`);
  mkdirSync(cache, { recursive: true });
  const unfinished = join(cache, `.${name}-${process.pid}`);
  const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${unfinished}`];
  try {
    await run('mvn', ['-q', '-B', '-f', pom, ...goal]);
    renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return folder;
}
