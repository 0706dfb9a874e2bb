import { ReadershipClient } from '@readership/client';
import { databasesIn, DataFolder } from '@readership/embedded';
import {
  adminKeyShown,
  createApp,
  failProcess,
  holdPort,
  keyCommand,
  loadSecrets,
  readConfig,
  serve,
  type Served,
} from '@readership/host';
import { resolve } from 'node:path';
import { expectAnswer, ownFiles, resetFolder } from './data-folder.js';
import { modulesOn, stores } from './modules.js';
import { newRoleLinks } from './role-links.js';
import type { Options } from '../options.mjs';
import { SampleLoading } from './sample-loading.js';

/**
 * Runs all four contexts in this process until SIGTERM or SIGINT. Prints one line when it cannot start or go on; then
 * closes everything, and the process ends with 1.
 */
export async function runStandalone(options: Options, env: NodeJS.ProcessEnv): Promise<void> {
  const closing: (() => void | Promise<void>)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of closing.reverse()) {
      try {
        await close();
      } catch {
        // The rest is closed all the same.
      }
    }
  };
  let served: Served | undefined;
  try {
    const path = resolve(options.folder);
    const config = readConfig({
      LOG_LEVEL: 'warn',
      ...env,
      READERSHIP_PORT: String(options.port),
      READERSHIP_DATA: path,
    });
    // Everything that may refuse comes before anything is changed or deleted: the folder's lock, the port, then the rest.
    if (options.reset) expectAnswer(path, options.yes);
    const folder = DataFolder.open(path, ownFiles);
    closing.push(() => folder.close());
    const port = await holdPort(config);
    closing.push(() => port.release());
    if (options.reset && !(await resetFolder(path, options.yes))) {
      console.log('Nothing was deleted.');
      await closeAll();
      return;
    }

    const sample = new SampleLoading(path, options.sample);
    const { secrets, adminKeyIsNew } = loadSecrets(config, databasesIn(path, stores));
    let lose: (error: Error) => void = () => {};
    const writerLost = new Promise<never>((_, reject) => (lose = reject));
    writerLost.catch(() => {});
    const adapters = await folder.adapters({
      masterKey: secrets.masterKey,
      cardKey: secrets.cardKey,
      contexts: stores,
      onWriterLost: lose,
    });
    closing.push(() => adapters.close());
    const app = await Promise.race([
      writerLost,
      createApp(modulesOn(adapters), config, {
        access: adapters.access,
        secrets,
        readiness: [{ name: 'sample', ready: () => sample.loaded }],
      }),
    ]);
    closing.push(() => app.close());
    served = await serve(app, config, adapters, port);

    const { url } = served;
    console.log(`Readership runs at ${url} with its data in ${path}. Ctrl-C stops it.`);
    if (adminKeyIsNew) {
      console.log(
        `\nIts access key, shown only once (it is stored in ${path}/keys.json):\n  ${secrets.adminKey}\n`,
      );
      adminKeyShown(config);
    }
    const client = new ReadershipClient(url, secrets.adminKey);
    await Promise.race([writerLost, sample.load(client)]);
    if (options.sample !== 'none') {
      const links = await newRoleLinks(config, client, url);
      if (links.length > 0) {
        console.log(
          `\nSee the sample as those who work with it; their keys are shown only once (they are stored in ${path}/keys.json). The page shows figures; the front desk, the library system and monitoring see none and use the API:\n  ${links.join('\n  ')}`,
        );
      }
    }
    const fragment = adminKeyIsNew ? `/#key=${secrets.adminKey}` : '/';
    const curl = 'curl -sS -H "Authorization: Bearer $KEY"';
    console.log(`
Open ${url}${fragment}

Try the board's six figures, and new readers by month, in another shell:
  ${keyCommand(config, env)}
  ${curl} ${url}/v1/metrics
  ${curl} '${url}/v1/metrics/new-readers?grain=month&compare=year'

README.md has a five-minute tour; ${url}/docs lists every route.`);
    await writerLost;
  } catch (error) {
    // What a stop interrupts is no failure.
    if (served?.stopping) return;
    failProcess(error);
    await closeAll();
  }
}
