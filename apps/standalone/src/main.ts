import 'reflect-metadata';
import { BadConfig } from '@readership/host';
import { optionsOf, usage } from './options.js';
import { runStandalone } from './standalone.js';

if (process.argv.includes('--help')) {
  console.log(usage);
} else {
  try {
    await runStandalone(optionsOf(process.argv.slice(2), process.env), process.env);
  } catch (error) {
    const known = error instanceof Error ? error.message : String(error);
    console.error(error instanceof BadConfig ? known : known.split('\n')[0]);
    process.exitCode = 1;
  }
}
