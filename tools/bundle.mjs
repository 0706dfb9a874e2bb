// Makes one file of a built program and the packages it runs on, because Node takes three times as long to start from their
// 2,500 files. Run in the program's folder: reads dist, writes bundle. Usage: node ../../tools/bundle.mjs [NAME=MODULE …], where
// each NAME.js lies beside main.js and is started by itself, such as a thread.
import { build } from 'esbuild';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';

/** Found by path at run time: validation needs the very copy whose stored metadata it reads. */
const foundAtRunTime = ['class-transformer', 'class-validator'];
/** Nest asks for these when a program uses them, and none of ours does. */
const unused = [
  '@fastify/multipart',
  '@fastify/static',
  '@fastify/view',
  '@grpc/*',
  '@nats-io/*',
  '@nestjs/platform-express',
  '@nestjs/websockets',
  'amqp-connection-manager',
  'amqplib',
  'mqtt',
];

const others = process.argv.slice(2).map((pair) => pair.split('='));
rmSync('bundle', { recursive: true, force: true });
mkdirSync('bundle');
const { outputFiles } = await build({
  entryPoints: { main: 'dist/main.js', ...Object.fromEntries(others) },
  outdir: 'bundle',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  external: [...foundAtRunTime, ...unused],
  // Names of classes are shown in logs and answers.
  keepNames: true,
  banner: {
    js: "import { createRequire as requireHere } from 'node:module'; const require = requireHere(import.meta.url);",
  },
  logLevel: 'warning',
  write: false,
});
// Node holds the text of a program in memory, with twice the size if a single letter is beyond Latin-1. esbuild escapes those
// in strings, but neither in patterns, where the escape means the same, nor in comments.
const escaped = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
for (const { path, text } of outputFiles) writeFileSync(path, text.replace(/[^\x00-\x7f]/g, escaped));
