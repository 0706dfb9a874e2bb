import { ReadershipClient } from '@readership/client';
import { databasesIn, fileAdapters } from '@readership/embedded';
import { createApp, loadSecrets, readConfig, serve } from '@readership/host';
import { resolve } from 'node:path';
import { openFolder, resetFolder } from './data-folder.js';
import { modulesOn, stores } from './modules.js';
import type { Options } from './options.js';
import { SampleLoading } from './sample-loading.js';

/** Runs all four contexts in this process until SIGTERM or SIGINT. Throws an `Error` of one line when it cannot start. */
export async function runStandalone(options: Options, env: NodeJS.ProcessEnv): Promise<void> {
  const folder = resolve(options.folder);
  if (options.reset && !(await resetFolder(folder, options.yes))) {
    console.log('Nothing was deleted.');
    return;
  }
  openFolder(folder);
  const config = readConfig({
    LOG_LEVEL: 'warn',
    ...env,
    READERSHIP_PORT: String(options.port),
    READERSHIP_DATA: folder,
  });
  const { secrets, adminKeyIsNew } = loadSecrets(config, databasesIn(folder, stores));
  const adapters = await fileAdapters({
    folder,
    masterKey: secrets.masterKey,
    cardKey: secrets.cardKey,
    contexts: stores,
  });
  const sample = new SampleLoading(folder, options.sample);
  let url: string;
  try {
    const app = await createApp(modulesOn(adapters), config, {
      secrets,
      readiness: [{ name: 'sample', ready: () => sample.loaded }],
    });
    url = await serve(app, config, adapters);
  } catch (error) {
    await adapters.close();
    throw error;
  }
  console.log(`Readership runs at ${url} with its data in ${folder}. Ctrl-C stops it.`);
  if (adminKeyIsNew) {
    console.log(
      `\nIts access key, shown this once (it lies in ${folder}/keys.json):\n  ${secrets.adminKey}\n`,
    );
  }
  await sample.load(new ReadershipClient(url, secrets.adminKey));
  const fragment = adminKeyIsNew ? `/#key=${secrets.adminKey}` : '/';
  console.log(`
Open      ${url}${fragment}
Try       curl -H "Authorization: Bearer $KEY" ${url}/v1/metrics        the board's six figures
          curl -H "Authorization: Bearer $KEY" "${url}/v1/metrics/new-readers?grain=month&compare=year"
Read on   README.md has a five-minute tour; ${url}/docs every route.`);
}
