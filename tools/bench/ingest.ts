// Interactions by HTTP batch, from request to acknowledged outcome, against a bare loop that inserts the same number of
// rows in transactions of 500 (libsql, prepared statements, WAL, synchronous=FULL). The relay and the consumers of the
// context run meanwhile, as in production.
// usage: node tools/dist/bench/ingest.js [--rounds N]
import 'reflect-metadata';
import { fileAdapters } from '@readership/embedded';
import { createApp, loadSecrets, readConfig } from '@readership/host';
import { InteractionLogModule } from '@readership/interaction-log';
import { PatronProfileModule } from '@readership/patron-profile';
import { bareInserts, interactionLine } from './bare-inserts.js';
import { compare, header, inFolder, perSecond } from './measure.js';

const perRequest = 5_000;
const requests = 6;

async function overHttp(): Promise<number> {
  return inFolder(async (folder) => {
    const config = readConfig({ READERSHIP_DATA: folder, READERSHIP_PORT: '0', LOG_LEVEL: 'silent' });
    const { secrets } = loadSecrets(config);
    const adapters = await fileAdapters({
      folder,
      masterKey: secrets.masterKey,
      cardKey: secrets.cardKey,
      contexts: [PatronProfileModule.store, InteractionLogModule.store],
    });
    const app = await createApp(
      [PatronProfileModule.on(adapters), InteractionLogModule.on(adapters)],
      config,
      { access: adapters.access, secrets },
    );
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    const post = async (path: string, body: string, type: string): Promise<string> => {
      const response = await fetch(url + path, {
        method: 'POST',
        body,
        headers: { authorization: `Bearer ${secrets.adminKey}`, 'content-type': type },
      });
      if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
      return response.text();
    };
    await post('/v1/libraries', '{"id":"L","name":"L"}', 'application/json');
    await post('/v1/branches', '{"id":"B1","name":"B","library":"L","timeZone":"UTC"}', 'application/json');
    await post('/v1/interactions/batch', interactionLine(-1), 'application/x-ndjson');
    const bodies = Array.from({ length: requests }, (_, request) =>
      Array.from({ length: perRequest }, (_, at) => interactionLine(request * perRequest + at)).join('\n'),
    );
    const speed = await perSecond(requests * perRequest, async () => {
      for (const body of bodies) {
        const outcomes = await post('/v1/interactions/batch', body, 'application/x-ndjson');
        if (outcomes.includes('refused')) throw new Error('refused');
      }
    });
    await app.close();
    await adapters.close();
    return speed;
  });
}

header();
await compare('HTTP batch ingestion', 0.18, overHttp, () =>
  bareInserts(requests * perRequest, interactionLine),
);
