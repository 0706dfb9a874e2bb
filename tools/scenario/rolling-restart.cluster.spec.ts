import { ReadershipClient } from '@readership/client';
import { setTimeout as pause } from 'node:timers/promises';
import type { Exit } from '../cluster/program.js';
import { RunningCluster } from '../cluster/running-cluster.js';
import { interaction, Readership, type Place } from './readership.js';

const services = ['interaction-log', 'analytics'] as const;
const cards = 20;
const batchLines = 10;

let cluster: RunningCluster;
let readership: Readership;
let client: ReadershipClient;
let place: Place;

beforeAll(async () => {
  cluster = await RunningCluster.start({ replicas: { 'interaction-log': 2, analytics: 2 } });
  readership = new Readership(cluster);
  // It retries what a stopping replica or the gateway refuses, with the same ids.
  client = new ReadershipClient(cluster.url, cluster.key);
  place = await readership.open('ROLL', ['NORTH']);
}, 120_000);
afterAll(async () => {
  expect(await cluster.stop()).toEqual([]);
  await cluster.forget();
}, 60_000);

/** Sends facts one after the other until it is stopped, and remembers the ids of those that were acknowledged. */
class Trickle {
  readonly acknowledged = new Map<string, object>();
  private stopped = false;
  private readonly ended: Promise<void>;

  constructor(send: (number: number) => Promise<readonly (object & { readonly id: string })[]>) {
    this.ended = (async () => {
      for (let number = 0; !this.stopped; number++) {
        for (const event of await send(number)) this.acknowledged.set(event.id, event);
        await pause(20);
      }
    })();
    this.ended.catch(() => {});
  }

  /** Rejects with the first error that occurred. */
  stop(): Promise<void> {
    this.stopped = true;
    return this.ended;
  }
}

const use = (kind: string, number: number | string, card?: number) =>
  interaction(`${kind}-${number}-${place.suffix}`, '2024-05-06', {
    kind,
    branch: place.branch('NORTH'),
    ...(card === undefined ? {} : { card: `R${card % cards}${place.suffix}` }),
  });

const one = (kind: string, card: boolean) =>
  new Trickle(async (number) => {
    const event = use(kind, number, card ? number : undefined);
    await client.send('POST', '/v1/interactions', event);
    return [event];
  });

const many = (kind: string) =>
  new Trickle(async (number) => {
    const events = Array.from({ length: batchLines }, (_, line) => use(kind, `${number}-${line}`, line));
    for (const { outcome } of await client.sendLines('/v1/interactions/batch', events))
      if (outcome === 'refused') throw new Error('a line was refused');
    return events;
  });

it('a rolling restart under a steady trickle loses and doubles nothing', async () => {
  const trickles = { loan: one('loan', true), hold: one('hold', false), renewal: many('renewal') };
  const seen: number[] = [];
  const watched = new Trickle(async () => {
    const { body } = await client.send<{ points: { value: number }[] }>(
      'GET',
      `/v1/metrics/interactions?scope=${place.scope}&from=2024-05&to=2024-05`,
    );
    seen.push(body.points[0]!.value);
    return [];
  });

  await pause(2_000);
  // The second half of the readers is registered after their cards were used.
  for (let card = 0; card < cards; card += 2) await register(card);
  const exits: Exit[] = [];
  for (const service of services) {
    for (const replica of cluster.of(service)) {
      exits.push(await replica.stop());
      await pause(1_000);
      replica.start();
      await replica.ready();
      await pause(1_000);
    }
  }
  for (let card = 1; card < cards; card += 2) await register(card);
  await Promise.all([...Object.values(trickles), watched].map((trickle) => trickle.stop()));

  expect(exits.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
  const accounts = await readership.settled();
  expect(accounts.map(({ holds }) => holds)).toEqual([true, true, true, true]);
  const may = { scope: place.scope, from: '2024-05', to: '2024-05' };
  for (const [kind, { acknowledged }] of Object.entries(trickles)) {
    expect(acknowledged.size).toBeGreaterThan(20);
    const again = await client.sendLines('/v1/interactions/batch', [...acknowledged.values()]);
    expect(again.filter(({ outcome }) => outcome !== 'already-recorded')).toEqual([]);
    expect([kind, await readership.figures(`${kind}s`, may)]).toEqual([kind, [acknowledged.size]]);
  }
  const { loan, renewal } = trickles;
  const uses = loan.acknowledged.size + renewal.acknowledged.size;
  const { points } = await readership.metric('frequency', may);
  expect(points[0]).toMatchObject({ numerator: uses, denominator: cards });
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
}, 300_000);

async function register(card: number): Promise<void> {
  await client.send('POST', '/v1/patrons', {
    cards: [`R${card}-${place.suffix}`],
    givenName: `Reader ${card}`,
    familyName: 'Of the restart',
    homeBranch: place.branch('NORTH'),
    enrolledOn: '2024-01-10',
  });
}
