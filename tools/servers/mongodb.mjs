import { join } from 'node:path';
import { need } from './commands.mjs';
import { classes, jars } from './jars.mjs';
import { exchange, int32LittleEndian } from './wire.mjs';

const opMsg = 2013;

/** A server of MongoDB's wire protocol. It keeps what it acknowledged over a SIGTERM only, so nothing here ever sends it a SIGKILL. */
export const mongodb = {
  name: 'mongodb',
  ports: ['mongodb'],
  survivesKill: false,

  async install(cache) {
    await need('javac', 'default-jdk-headless');
    const libraries = await jars('mongodb', cache);
    // Compiled here, because a server that compiled its source at each start would need as long again and more.
    const server = await classes(join(import.meta.dirname, 'mongodb/Mongo.java'), libraries, cache);
    return `${server}:${join(libraries, '*')}`;
  },

  command: ({ folder, ports, installed }) => [
    'java',
    '-Xmx512m',
    '-XX:+UseSerialGC',
    '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
    '-Dorg.slf4j.simpleLogger.showDateTime=true',
    '-cp',
    installed,
    'Mongo',
    String(ports.mongodb),
    join(folder, 'data', 'documents.mv'),
  ],

  async answers({ mongodb: port }) {
    const answer = await exchange(
      port,
      message(document({ ping: 1, $db: 'admin' })),
      (bytes) => bytes.length >= 4 && bytes.length >= bytes.readInt32LE(0),
    );
    const integer = answer.indexOf('\x10ok\0');
    if (integer >= 0) return answer.readInt32LE(integer + 4) === 1;
    return answer.readDoubleLE(answer.indexOf('\x01ok\0') + 4) === 1;
  },

  url: ({ mongodb: port }) => `mongodb://127.0.0.1:${port}`,
};

function message(body) {
  const head = [1, 0, opMsg, 0].map(int32LittleEndian);
  return Buffer.concat([int32LittleEndian(4 + 16 + 1 + body.length), ...head, Buffer.of(0), body]);
}

/** BSON of a flat object of integers and texts. */
function document(fields) {
  const elements = Object.entries(fields).flatMap(([name, value]) =>
    typeof value === 'number'
      ? [Buffer.of(16), Buffer.from(`${name}\0`), int32LittleEndian(value)]
      : [
          Buffer.of(2),
          Buffer.from(`${name}\0`),
          int32LittleEndian(Buffer.byteLength(value) + 1),
          Buffer.from(`${value}\0`),
        ],
  );
  const content = Buffer.concat([...elements, Buffer.of(0)]);
  return Buffer.concat([int32LittleEndian(4 + content.length), content]);
}
