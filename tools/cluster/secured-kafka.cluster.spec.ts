import { defaultFolder, portsOf } from '#servers';
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { kafkaTool } from '../ingest/producers.js';
import { Readership } from '../scenario/readership.js';
import { RunningCluster } from './running-cluster.js';

const user = `readership-${randomBytes(4).toString('hex')}`;
const password = randomBytes(16).toString('base64url');
const certificate = join(defaultFolder(), 'kafka', 'secured.pem');
const settings = {
  READERSHIP_KAFKA_BROKERS: `127.0.0.1:${portsOf(defaultFolder())['secured']}`,
  READERSHIP_KAFKA_TLS: 'true',
  READERSHIP_KAFKA_USER: user,
  READERSHIP_KAFKA_PASSWORD: password,
  NODE_EXTRA_CA_CERTS: certificate,
};

let cluster: RunningCluster;

beforeAll(async () => {
  if (!existsSync(certificate)) throw new Error('a broker that asks who one is runs as a process alone');
  const [java, ...config] = await kafkaTool('kafka.admin.ConfigCommand');
  await promisify(execFile)(java, [
    ...[...config, '--bootstrap-server', `127.0.0.1:${portsOf(defaultFolder())['kafka']}`],
    ...['--alter', '--entity-type', 'users', '--entity-name', user],
    ...['--add-config', `SCRAM-SHA-512=[password=${password}]`],
  ]);
  cluster = await RunningCluster.start({ settings });
}, 120_000);

afterAll(async () => {
  expect(await cluster.stop()).toEqual([]);
  await cluster.forget();
}, 60_000);

describe('brokers that want TLS and a password', () => {
  it('carry what is recorded to the figures', async () => {
    const readership = new Readership({ url: cluster.url, key: cluster.key });
    await readership.tell('/v1/libraries', { id: 'L', name: 'Library' });
    await readership.tell('/v1/branches', { id: 'B', name: 'Branch', library: 'L', timeZone: 'UTC' });
    const loan = {
      ...{ specversion: '1.0', type: 'org.readership.interaction.v1', source: '/ils', id: '1' },
      ...{ time: '2024-03-05T10:00:00Z', data: { kind: 'loan', branch: 'B', quantity: 3 } },
    };
    const { after } = await readership.tell('/v1/interactions', loan);
    const url = `/v1/metrics/loans?from=2024-03&to=2024-03&after=${encodeURIComponent(after)}`;
    expect((await readership.ask(url)).points).toMatchObject([{ value: 3 }]);
  });

  it('refuse a service with a wrong password, which says so in one line and ends', async () => {
    const { file, args, env } = cluster.of('analytics')[0]!.command;
    const wrong = { READERSHIP_KAFKA_PASSWORD: 'wrong-0123456789', READERSHIP_PORT: '0' };
    const ended = await promisify(execFile)(file, [...args], { env: { ...env, ...wrong } }).then(
      () => ({ code: 0, stderr: '' }),
      (error: { code: number; stderr: string }) => error,
    );
    expect([ended.code, ended.stderr.trim().split('\n').length]).toEqual([1, 1]);
    expect(ended.stderr).toMatch(/^Kafka at 127\.0\.0\.1:\d+: .*invalid credentials/i);
    expect(ended.stderr).not.toContain('wrong-0123456789');
  }, 60_000);

  it.each([
    ['without a user', { READERSHIP_KAFKA_USER: '', READERSHIP_KAFKA_PASSWORD: '' }, 'closed connection'],
    ['without the authority of their certificate', { NODE_EXTRA_CA_CERTS: '' }, 'self-signed certificate'],
  ])(
    'look as if they were away to a service %s, which waits for them and says why',
    async (_, wrong, why) => {
      const { file, args, env } = cluster.of('analytics')[0]!.command;
      const service = spawn(file, [...args], { env: { ...env, ...wrong, READERSHIP_PORT: '0' } });
      const ended = once(service, 'exit');
      try {
        for await (const line of createInterface(service.stdout)) {
          // On a busy machine the first attempts may run out of time before Kafka's client has told its reason.
          if (!line.includes('start failed, retrying') || !line.includes('Kafka at')) continue;
          expect(line.toLowerCase()).toMatch(new RegExp(`kafka at 127\\.0\\.0\\.1:\\d+: .*${why}`));
          break;
        }
        expect(service.exitCode).toBeNull();
      } finally {
        service.kill('SIGKILL');
        await ended;
      }
    },
    60_000,
  );
});
