import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { testServers } from '../testing/test-servers.fixture.js';
import { connectMongo } from './mongo.js';
import { faultProxyTo } from '../testing/fault-proxy.js';

const lookMaxMs = 3_000;

it('finds its server again after all connections ended at once', async () => {
  const proxy = await faultProxyTo(testServers().mongodb);
  const database = await connectMongo(proxy.url, `spec-${randomUUID()}`, { lookMaxMs });
  try {
    const notes = database.collection('notes');
    let answered = 0;
    let reading = true;
    const readers = Array.from({ length: 6 }, async () => {
      while (reading) {
        await notes.findOne({ _id: 'a' }).then(
          () => answered++,
          () => undefined,
        );
        await pause(50);
      }
    });
    // The driver must have an idle connection.
    await pause(1_000);
    proxy.silence();
    await pause(500);
    proxy.mend();
    await pause(lookMaxMs + 1_000);
    const before = answered;
    await pause(1_000);
    reading = false;
    expect(answered).toBeGreaterThan(before);
    await Promise.all(readers);
  } finally {
    await database.close();
    proxy.close();
  }
});
