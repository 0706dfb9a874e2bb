import { parseArgs } from 'node:util';
import { Unavailable } from './commands.mjs';
import { defaultFolder, down, kill, restart, start, status, stop, up } from './servers.mjs';

const help = `usage: tools/backends <command> [--folder <folder>]

  up                      start Kafka, a server of MongoDB's wire protocol, and Redis on free ports of 127.0.0.1
  down [--data]           end them; with --data also delete what they stored
  status                  one line each
  start | stop | restart <kafka|mongodb|redis>
  kill <kafka|redis>      SIGKILL, as a crash would (MongoDB's stand-in would lose data)`;

const one = { start, stop, restart, kill };
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { folder: { type: 'string' }, data: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
});
const folder = values.folder ?? defaultFolder();
const [command, name] = positionals;
const say = (line) => console.log(line);

try {
  if (values.help || command === undefined) say(help);
  else if (command === 'up') await up({ folder, say });
  else if (command === 'down') await down({ folder, data: values.data === true, say });
  else if (command === 'status') {
    for (const { name, port, pid } of status({ folder })) {
      say(`${name}: ${pid === undefined ? 'down' : 'up'}, port ${port ?? 'none'}, process ${pid ?? 'none'}`);
    }
  } else if (name !== undefined && Object.hasOwn(one, command)) await one[command](name, { folder });
  else throw new Unavailable(help);
} catch (error) {
  console.error(error instanceof Unavailable ? error.message : error);
  process.exitCode = 1;
}
