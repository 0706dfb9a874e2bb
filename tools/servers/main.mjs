import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Unavailable } from './commands.mjs';
import { defaultFolder, down, kill, restart, start, status, stop, up } from './servers.mjs';

const help = `usage: tools/backends <command> [--folder <folder>]

  up                      start Kafka, a server of MongoDB's wire protocol, and Redis on free ports of 127.0.0.1
  down [--data]           end them; with --data also delete what they stored
  status                  a line each; exits 1 unless all are up
  start | stop | restart <kafka|mongodb|redis>
  kill <kafka|redis>      SIGKILL, as a crash would (MongoDB's stand-in would lose data)`;

const one = { start, stop, restart, kill };
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { folder: { type: 'string' }, data: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
});
const folder = values.folder === undefined ? defaultFolder() : resolve(values.folder);
const [command, name] = positionals;
const say = (line) => console.log(line);

try {
  if (values.help || command === undefined) say(help);
  else if (command === 'up') await up({ folder, say });
  else if (command === 'down') await down({ folder, data: values.data === true, say });
  else if (command === 'status') {
    for (const { name, port, id } of await status({ folder })) {
      say(
        `${name}: ${id === undefined ? 'down' : `up, port ${port}, ${Number.isInteger(id) ? 'process' : 'container'} ${id}`}`,
      );
      if (id === undefined) process.exitCode = 1;
    }
  } else if (name !== undefined && Object.hasOwn(one, command)) await one[command](name, { folder });
  else throw new Unavailable(help);
} catch (error) {
  console.error(error instanceof Unavailable ? error.message : error);
  process.exitCode = 1;
}
