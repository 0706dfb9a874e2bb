import { optionsOf, readOrEnd, samples, type Options, type Sample } from '#cluster-options';
import { down } from '#servers';
import { ReadershipClient } from '@readership/client';
import { DataFolder } from '@readership/embedded';
import { adminKeyShown, keyCommand, readConfig, shellWord } from '@readership/host';
import { loadSample, readLoadState, saveLoadState, type LoadState } from '@readership/sample';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { audit } from '../cli/audit.js';
import { root, RunningCluster } from './running-cluster.js';

const settledWithinMs = 600_000;

/** Throws an `Error` of one line when another process listens there. */
async function expectFree(port: number): Promise<void> {
  if (port === 0) return;
  const probe = createServer();
  const free = await new Promise<boolean>((resolve) => {
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
  if (!free)
    throw new Error(
      `Port ${port} is in use: stop the program that uses it, or choose another port with --port N.`,
    );
}

const stateFile = (folder: string, sample: Sample): string => join(folder, `sample-${sample}.json`);

/** Throws when the folder holds another sample, because the samples have the same readers with other histories. */
function expectSameSample({ folder, sample }: Options): void {
  for (const other of Object.keys(samples) as Sample[]) {
    if (sample !== 'none' && other !== sample && existsSync(stateFile(folder, other)))
      throw new Error(
        `${folder} holds the sample "${other}": choose it, none, or another folder with --data.`,
      );
  }
}

/** Loads the sample, from where an earlier run stopped, and waits until every figure includes it. */
async function load(cluster: RunningCluster, sample: Sample, state: LoadState): Promise<void> {
  const client = new ReadershipClient(cluster.url, cluster.key);
  const file = stateFile(cluster.folder, sample);
  if (state.complete) return;
  let shown = -1;
  await loadSample(
    client,
    state,
    (now) => saveLoadState(file, now),
    ({ done, total }) => {
      const tenth = Math.floor((10 * done) / total);
      if (tenth !== shown) console.log(`Loading the sample consortium ${10 * tenth} %`);
      shown = tenth;
    },
    samples[sample],
  );
  const { found } = await audit(client, settledWithinMs);
  if (found.length > 0) console.log(`Not everything is counted yet: ${found[0]}`);
}

/** How people sign in, if the environment says so; it names servers of its own. */
function signInOf(env: NodeJS.ProcessEnv): Record<string, string> {
  const given = Object.entries(env).filter(([name]) => name.startsWith('READERSHIP_OIDC_'));
  return Object.fromEntries(given.map(([name, value]) => [name, value ?? '']));
}

async function run(options: Options): Promise<void> {
  const folder = resolve(options.folder);
  const { sample } = options;
  const serversFolder = join(folder, 'servers');
  // Held until this process ends: a second one would start the same servers again, and end those that run here.
  const held = DataFolder.open(folder, [
    'keys.json',
    ...Object.keys(samples).map((name) => `sample-${name}.json`),
  ]);
  expectSameSample({ ...options, folder });
  const state = sample === 'none' ? null : readLoadState(stateFile(folder, sample), new Date());
  await expectFree(options.port);
  console.log('Starting Kafka, a server of MongoDB’s protocol, Redis and the four services …');
  const starting = RunningCluster.start({
    namespace: 'readership',
    folder,
    serversFolder,
    logLevel: 'warn',
    settings: signInOf(process.env),
    ...(options.port === 0 ? {} : { port: options.port }),
  });
  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    console.log('\nStopping …');
    const cluster = await starting.catch(() => null);
    const bad = (await cluster?.stop()) ?? [];
    for (const name of bad) console.error(`${name} did not exit cleanly: see ${join(folder, `${name}.log`)}`);
    await down({ folder: serversFolder });
    held.close();
    process.exit(bad.length === 0 ? 0 : 1);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop());
  let cluster: RunningCluster;
  try {
    cluster = await starting;
  } catch (error) {
    await down({ folder: serversFolder });
    throw error;
  }
  for (const replica of cluster.replicas) {
    void replica.ended.then(() => {
      if (!stopping) console.error(`${replica.name} has ended: see ${join(folder, `${replica.name}.log`)}`);
    });
  }
  const { url } = cluster;
  console.log(`Readership runs at ${url} with its data in ${folder}. Ctrl-C stops it.`);
  if (cluster.keyIsNew) {
    console.log(
      `\nIts access key, shown only once (it is stored in ${folder}/keys.json):\n  ${cluster.key}\n`,
    );
    adminKeyShown(readConfig({ READERSHIP_DATA: folder }));
  }
  if (sample !== 'none' && state !== null) await load(cluster, sample, state);
  const readership = shellWord(join(root, 'tools/bin/readership.mjs'));
  console.log(`
Open ${url}/docs

Try the board's six figures, and the audit of all services, in another shell:
  ${keyCommand({ dataFolder: folder }, {})}
  curl -sS -H "Authorization: Bearer $KEY" ${url}/v1/metrics
  ${readership} audit --url ${url} --key "$KEY"

${folder}/*.log are the logs, one for each process.`);
}

try {
  await run(readOrEnd('npm run cluster', () => optionsOf(process.argv.slice(2))));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
