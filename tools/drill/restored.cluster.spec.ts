import { ReadershipClient } from '@readership/client';
import { audit } from '../cli/audit.js';
import { republish } from '../cli/republish.js';
import { RunningCluster } from '../cluster/running-cluster.js';
import type { DatabaseCopy } from './copies.js';
import { Drill, Trickle, visit, type Backup } from './drill.js';

/**
 * The procedure of OPERATIONS.md, «Backup and restore». The tests depend on each other: each begins with what the one
 * before left.
 */
let cluster: RunningCluster;
let drill: Drill;
let client: ReadershipClient;
/** Visits that were acknowledged before the databases were copied, and after. */
let kept: readonly string[];
let lost: readonly string[];
let backup: Backup;

const send = (event: object) => client.send('POST', '/v1/interactions', event);
const trickle = (name: string) => new Trickle(send, name);

async function sentAgain(ids: readonly string[]): Promise<readonly string[]> {
  const outcomes = await client.sendLines('/v1/interactions/batch', ids.map(visit));
  return [...new Set(outcomes.map(({ outcome }) => outcome))];
}

async function republished(): Promise<readonly string[]> {
  const said: string[] = [];
  await republish(client, { waitMs: 60_000 }, (sentence) => said.push(sentence));
  return said.filter((sentence) => sentence.includes('publishing the positions'));
}

/** The last position of each context and partition. */
async function ends(): Promise<ReadonlyMap<string, number>> {
  const last = new Map<string, number>();
  for (const { context, partition, position } of (await drill.found()).events) {
    const lane = `${context}/${partition}`;
    last.set(lane, Math.max(last.get(lane) ?? 0, position));
  }
  return last;
}

beforeAll(async () => {
  cluster = await RunningCluster.start({ ratePerSecond: 100_000 });
  drill = await Drill.on(cluster);
  client = new ReadershipClient(cluster.url, cluster.key);
  await drill.record(20_261, 150);
}, 120_000);
afterAll(async () => {
  const bad = await cluster.stop();
  await drill.close();
  await cluster.forget();
  expect(bad).toEqual([]);
}, 60_000);

describe('a deployment that was lost after it was backed up amid its work', () => {
  it('is backed up while facts are recorded: the topic first, then the databases as of one moment', async () => {
    const visits = trickle('before');
    await visits.goesOn(20);
    const topic = await drill.copyTopic();
    await visits.goesOn(20);
    let until = 0;
    const databases = await drill.copyDatabases(() => (until = visits.acknowledged.length));
    await visits.goesOn(20);
    await visits.stop();
    kept = visits.acknowledged.slice(0, until);
    lost = visits.acknowledged.slice(until + 1);
    backup = { topic, databases };
  });

  it('has everything again that was acknowledged before, once, with the figures of then, and accounts for it', async () => {
    await drill.stopServices();
    await drill.destroy();
    await drill.restore(backup);
    await drill.startServices();
    expect((await audit(client, 0)).found).not.toEqual([]);
    expect((await republished()).length).toBeGreaterThan(0);
    expect(await drill.judged()).toEqual([]);
    expect((await audit(client, 20_000)).found).toEqual([]);
    expect(await sentAgain(kept)).toEqual(['already-recorded']);
    expect(await republished()).toEqual([]);
  });

  it('goes on at the positions that follow, and takes once more what was lost when it is sent again', async () => {
    const before = await ends();
    expect(await sentAgain(lost)).toEqual(['recorded']);
    await drill.accounts();
    const moved = [...(await ends())].filter(([lane, position]) => position > before.get(lane)!);
    expect(moved.map(([lane]) => lane)).toEqual(expect.arrayContaining(['interaction-log/0']));
    expect(await drill.judged()).toEqual([]);
  });
});

describe('a database that is older than the topic', () => {
  let current: DatabaseCopy;

  it('does not come up, says why in one line, and the audit exits with 1', async () => {
    const [service] = cluster.of('interaction-log');
    await service!.stop();
    current = await drill.databases.copy('interaction-log');
    await drill.databases.put('interaction-log', backup.databases.get('interaction-log')!);
    service!.start();
    expect(await service!.ended).toMatchObject({ code: 1 });
    expect(service!.lastLines(1)).toMatch(
      /^interaction-log cannot run: in partition \d+ the log holds .* Its database is older than the log: .*$/,
    );
    const impatient = new ReadershipClient(cluster.url, cluster.key, { patienceMs: 1_000 });
    await expect(audit(impatient, 0)).rejects.toThrow();
    await drill.databases.put('interaction-log', current);
    service!.start();
    await service!.ready();
    expect(await drill.judged()).toEqual([]);
  });
});

describe('a topic that is older than the databases, and was written to before anybody noticed', () => {
  it('is made whole, and every consumer goes on by itself', async () => {
    const databases = new Map<string, DatabaseCopy>();
    await drill.stopServices();
    for (const context of backup.databases.keys())
      databases.set(context, await drill.databases.copy(context));
    const older = backup.topic.map((records) => records.slice(0, Math.floor(records.length / 2)));
    await drill.destroy();
    await drill.restore({ topic: older, databases });
    await drill.startServices();
    const ahead = trickle('ahead');
    await ahead.goesOn(20);
    await ahead.stop();
    expect((await audit(client, 0)).found).not.toEqual([]);
    expect((await republished()).length).toBeGreaterThan(3);
    expect(await drill.judged()).toEqual([]);
    expect(await sentAgain([...kept, ...lost, ...ahead.acknowledged])).toEqual(['already-recorded']);
  });
});

describe('read models that were dropped', () => {
  it('are built again from the topic and from each context’s own events', async () => {
    await drill.stopServices();
    for (const context of backup.databases.keys()) await drill.databases.dropReadModels(context);
    await drill.startServices();
    expect(await drill.judged()).toEqual([]);
  });
});
