#!/usr/bin/env node
// The command line, from nothing: judges the options, installs and builds what is missing, then runs the command.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isBuilt } from '../built.mjs';
import { optionsOf, readOrEnd } from '../cli/options.mjs';

const root = join(import.meta.dirname, '../..');

readOrEnd('readership', () => optionsOf(process.argv.slice(2), process.env));
// A place that is no checkout, such as an image, holds the build and nothing to build with.
const isCheckout = existsSync(join(root, 'package-lock.json'));
if (isCheckout && !isBuilt(root, 'standalone,tools')) {
  const { status } = spawnSync(join(root, 'tools/build'), ['standalone,tools'], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) process.exit(1);
}
await import('../dist/cli/main.js');
