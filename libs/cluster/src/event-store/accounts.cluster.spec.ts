import { randomBytes } from 'node:crypto';
import { testServers } from '../../testing/test-servers.fixture.js';
import { metaOf, publishTold, told } from '../../testing/scratch-event-store.fixture.js';
import { connectMongo } from '../mongo.js';
import { prepareEventStore } from './event-documents.js';
import { MongoEventStore } from './mongo-event-store.js';

type Asked = { readonly command: string; readonly body: Readonly<Record<string, unknown>> };

/** True when a command may read the bodies of events. */
function asksForBodies({ command, body }: Asked): boolean {
  const collection = body[command];
  if (collection !== 'pages' && collection !== 'commits') return false;
  const text = JSON.stringify(body);
  if (command === 'aggregate') return collection === 'commits' && !text.includes('"$project"');
  if (command !== 'find') return false;
  const projection = (body['projection'] ?? {}) as Readonly<Record<string, number>>;
  const listed = Object.entries(projection).filter(([name, is]) => is === 1 && name !== '_id');
  const listsBodies = listed.some(([name]) => /^(entries|parts)(\.body)?$/.test(name));
  const excludes = projection['entries.body'] === 0 || projection['parts.body'] === 0;
  return listed.length > 0 ? listsBodies : !excludes && projection['_id'] !== 1;
}

it('counts an account and what waits without the bodies, up to any commit', async () => {
  const asked: Asked[] = [];
  const database = await connectMongo(testServers().mongodb, `accounts-${randomBytes(6).toString('hex')}`, {
    watch: (command, body) => void asked.push({ command, body }),
  });
  try {
    await prepareEventStore(database);
    const open = () =>
      new MongoEventStore(database, publishTold, { partitions: 1, masterKey: Buffer.alloc(32, 7) });
    const store = open();
    for (let n = 0; n < 5; n++) await store.append(`s-${n}`, 0, [told(n), told(n)], metaOf(`c-${n}`));
    const ends = new Map((await store.readPage(0, 0, 100)).map((e) => [e.stream, e.position]));
    await open().end(0);
    asked.length = 0;
    expect((await store.account(0)).recorded).toBe(10);
    for (const position of ends.values()) {
      await store.account(0, position);
      await store.waiting(0, position);
    }
    expect(asked.length).toBeGreaterThan(10);
    expect(asked.filter(asksForBodies)).toEqual([]);
  } finally {
    await database.drop();
    await database.close();
  }
});
