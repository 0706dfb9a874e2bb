import { memoryAdapters } from '@readership/embedded';
import type { Adapters } from '@readership/kernel';
import { createApp, holdPort, serve } from './app.js';
import { readConfig } from './config.js';

it('serves on the very port that was held, without letting it go in between', async () => {
  const config = readConfig({
    READERSHIP_PORT: '0',
    READERSHIP_ADMIN_KEY: 'held-port-spec-key-0123456789',
    READERSHIP_MASTER_KEY: Buffer.alloc(32, 1).toString('base64'),
    READERSHIP_CARD_KEY: Buffer.alloc(32, 2).toString('base64'),
    READERSHIP_LINK_KEY: Buffer.alloc(32, 3).toString('base64'),
    LOG_LEVEL: 'silent',
  });
  const held = await holdPort(config);
  const { port } = held.holder.address() as { port: number };
  await expect(holdPort({ ...config, port })).rejects.toThrow(`Port ${port} is in use`);
  const app = await createApp([], config, { access: memoryAdapters().access });
  try {
    const { url } = await serve(app, config, { close: async () => {} } as Adapters, held);
    expect(url).toBe(`http://127.0.0.1:${port}`);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  } finally {
    await app.close();
  }
  const again = await holdPort({ ...config, port });
  again.release();
});
