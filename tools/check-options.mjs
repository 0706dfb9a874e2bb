// Judges the options of ./start and of `npm run cluster` before anything is installed or built. Prints the usage when it
// is asked for, and nothing on standard output when the program may go on; ends with 2 when an option is wrong.
// usage: node tools/check-options.mjs start|cluster OPTIONS…
import { readOrEnd } from '../apps/standalone/command-line.mjs';
import { optionsOf as optionsOfStart } from '../apps/standalone/options.mjs';
import { optionsOf as optionsOfCluster } from './cluster/options.mjs';
import { endOfLife } from './node-releases.mjs';

const [program, ...args] = process.argv.slice(2);
if (program === 'start') readOrEnd('./start', () => optionsOfStart(args, process.env));
else readOrEnd('npm run cluster', () => optionsOfCluster(args));
const warning = endOfLife(process.versions.node, new Date());
if (warning !== null) console.error(warning);
