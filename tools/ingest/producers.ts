import { defaultFolder } from '#servers';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { need } from '../servers/commands.mjs';
import { jars } from '../servers/jars.mjs';

/** A record to be sent by a producer that is not ours. */
export interface Sent {
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string | null>>;
  /** `null` makes a tombstone. */
  readonly value: string | Buffer | null;
}

export interface Sending {
  readonly broker: string;
  readonly topic: string;
  readonly compression?: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
}

/** Stands for null. No text contains it. */
const nullMarker = '\u2400';

/** Sends with Apache Kafka's own console producer. Values are texts without line breaks. */
export async function consoleProducer(to: Sending, records: readonly Sent[]): Promise<void> {
  const properties = { 'parse.key': 'true', 'parse.headers': 'true', 'null.marker': nullMarker };
  const lines = records.map(({ headers = {}, key, value }) => {
    const pairs = Object.entries(headers).map(([name, text]) => `${name}:${text ?? nullMarker}`);
    const fields = [pairs.join(',') || nullMarker, key ?? nullMarker, value ?? nullMarker];
    return `${fields.map(String).join('\t')}\n`;
  });
  const [java, ...args] = await consoleProducerCommand();
  await run(
    java,
    [
      ...args,
      ...['--bootstrap-server', to.broker, '--topic', to.topic],
      ...['--compression-codec', to.compression ?? 'none'],
      ...Object.entries(properties).flatMap(([name, value]) => ['--reader-property', `${name}=${value}`]),
      ...['--command-property', 'max.request.size=3000000'],
    ],
    lines.join(''),
  );
}

/** Runs commands from a document, with Kafka's script and kcat available. Rejects at the first that fails. */
export async function shell(commands: string, variables: Readonly<Record<string, string>>): Promise<void> {
  await need('kcat', 'kcat');
  const producer = (await consoleProducerCommand()).map((word) => `'${word}'`).join(' ');
  const script = `set -euo pipefail\nkafka-console-producer.sh() { ${producer} "$@"; }\n${commands}\n`;
  await run('bash', ['-s'], script, variables);
}

/** The command that Kafka's `kafka-console-producer.sh` runs. */
const consoleProducerCommand = () => kafkaTool('org.apache.kafka.tools.ConsoleProducer');

/** The command of one of Kafka's own tools, by its class. */
export async function kafkaTool(tool: string): Promise<readonly [java: string, ...args: string[]]> {
  await need('java', 'default-jdk-headless');
  const cache = process.env['READERSHIP_BACKENDS_CACHE'] ?? join(defaultFolder(), 'cache');
  return ['java', '-Xmx256m', '-cp', join(await jars('kafka', resolve(cache)), '*'), tool];
}

/** Sends with librdkafka's kcat, in one run for each record, which may have any bytes. */
export async function kcat(to: Sending, records: readonly Sent[]): Promise<void> {
  await need('kcat', 'kcat');
  const folder = mkdtempSync(join(tmpdir(), 'readership-kcat-'));
  try {
    for (const { key = '', headers = {}, value } of records) {
      const file = join(folder, 'value');
      writeFileSync(file, value ?? '');
      const args = [
        ...['-P', '-q', '-b', to.broker, '-t', to.topic, '-z', to.compression ?? 'none'],
        ...['-X', 'message.max.bytes=3000000'],
        ...Object.entries(headers).flatMap(([name, text]) => [
          '-H',
          text === null ? name : `${name}=${text}`,
        ]),
      ];
      // It sends a record without a value for a line that has nothing after the key.
      if (value === null) await run('kcat', [...args, '-Z', '-K', '\t'], `${key}\t\n`);
      else await run('kcat', [...args, ...(key === '' ? [] : ['-k', key]), file]);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Everything on a topic now, as kcat prints it: a line of headers (`name=value,…`) for each record. */
export async function headersOn({ broker, topic }: Sending): Promise<readonly string[]> {
  await need('kcat', 'kcat');
  const printed = await run('kcat', ['-C', '-q', '-e', '-b', broker, '-t', topic, '-f', '%h\\n']);
  return printed.split('\n').filter((line) => line !== '');
}

function run(
  command: string,
  args: readonly string[],
  input = '',
  variables: Readonly<Record<string, string>> = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: { ...process.env, ...variables },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let printed = '';
    let wrong = '';
    child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (wrong += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code) =>
      // The console producer ends with 0 even when the broker refused something, but it prints the error.
      code === 0 && !/\bERROR\b/.test(wrong) ? resolve(printed) : reject(new Error(`${command}: ${wrong}`)),
    );
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}
