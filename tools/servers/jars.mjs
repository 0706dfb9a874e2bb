import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { need, run } from './commands.mjs';

/** The folder with the jars of `<name>/pom.xml`, downloaded once for each content of that file. */
export function jars(name, cache) {
  const pom = join(import.meta.dirname, name, 'pom.xml');
  return once(join(cache, `${name}-${digestOf(readFileSync(pom))}`), async (folder) => {
    await need('mvn', 'maven');
    console.log(`${name}: downloading …`);
    const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${folder}`];
    await run('mvn', ['-q', '-B', '-f', pom, ...goal]);
  });
}

/** The folder with the classes of a Java source, compiled once for each content of it and of the jars. */
export function classes(source, libraries, cache) {
  const digest = digestOf(readFileSync(source), basename(libraries));
  return once(join(cache, `${basename(source, '.java')}-${digest}`), (folder) =>
    run('javac', ['-cp', join(libraries, '*'), '-d', folder, source]),
  );
}

/** Fills the folder unless it exists; it is never seen half full. */
async function once(folder, fill) {
  if (existsSync(folder)) return folder;
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  try {
    await fill(unfinished);
    renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return folder;
}

function digestOf(...parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex').slice(0, 12);
}
