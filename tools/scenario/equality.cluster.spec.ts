import { ReadershipClient } from '@readership/client';
import { loadSample } from '@readership/sample';
import { RunningCluster } from '../cluster/running-cluster.js';
import { Running } from '../running.js';
import { Readership, type Address } from './readership.js';

/** Few readers, and long enough for them to lapse and return. */
const size = { readers: 150, months: 36 };
const state = { seed: 20_240_401, lastMonth: '2024-06', done: 0, complete: false };
const months = 'from=2021-07&to=2025-09';

const metrics = [
  ...['new-readers', 'lost-readers', 'reactivated-readers', 'current-readers'],
  ...['moved-in-readers', 'moved-out-readers', 'active-readers', 'retained-readers'],
  ...['returned-readers', 'newly-active-readers', 'retention', 'churn', 'frequency', 'visit-days'],
  ...['cost-per-reader', 'cost-per-visit', 'cost-per-interaction'],
  ...['satisfaction', 'nps', 'csat', 'testimonials', 'interactions'],
  ...['visits', 'loans', 'renewals', 'returns', 'holds', 'references', 'programs', 'computers'],
  ...['wifi', 'eresources', 'ill', 'in-house-use', 'rooms', 'contacts', 'payments'],
];
const scopes = ['consortium', 'library:PRAIRIE', 'branch:HAR-CENTRAL', 'branch:PRA-FORT', 'branch:LAK-MAIN'];
const grains = [
  'grain=month',
  'grain=quarter&compare=previous',
  'grain=year&compare=year',
  'grain=year&year=fiscal',
];

let running: Running;
let cluster: RunningCluster;
let standalone: Readership;
let services: Readership;

/** Loads the sample like a branch system, and waits until it is applied. */
async function loaded(address: Address): Promise<Readership> {
  const client = new ReadershipClient(address.url, address.key);
  await loadSample(
    client,
    state,
    async () => {},
    () => {},
    size,
  );
  const readership = new Readership(address);
  await readership.settled();
  return readership;
}

beforeAll(async () => {
  [running, cluster] = await Promise.all([
    Running.start(),
    RunningCluster.start({ replicas: { 'interaction-log': 2, analytics: 2 }, ratePerSecond: 100_000 }),
  ]);
  standalone = await loaded(running);
  services = await loaded(cluster);
}, 600_000);
afterAll(async () => {
  await running.stop();
  running.forget();
  expect(await cluster.stop()).toEqual([]);
  await cluster.forget();
}, 60_000);

/** An answer's text without how far the log was read. */
async function figuresOf(readership: Readership, path: string): Promise<string> {
  const { status, text } = await readership.send({ path });
  expect([path, status]).toEqual([path, 200]);
  return text.replaceAll(/"asOf":"[^"]*"/g, '"asOf":""');
}

async function same(path: string): Promise<void> {
  const [one, other] = await Promise.all([figuresOf(standalone, path), figuresOf(services, path)]);
  expect({ path, answer: other }).toEqual({ path, answer: one });
}

describe('the figures of the same sample consortium are equal on both compositions, byte for byte but for asOf', () => {
  it.each(metrics)('%s', async (metric) => {
    for (const scope of scopes)
      for (const grain of grains) await same(`/v1/metrics/${metric}?scope=${scope}&${months}&${grain}`);
  });

  it('the six of the board', async () => {
    for (const scope of scopes)
      for (const to of ['2022-12', '2024-06', '2025-06']) await same(`/v1/metrics?scope=${scope}&to=${to}`);
  });

  it('and none of them is left out, or empty', async () => {
    const document = await standalone.ask('/openapi.json');
    const [name] = document.paths['/v1/metrics/{name}'].get.parameters;
    expect([...metrics].sort()).toEqual([...name.schema.enum].sort());
    const { figures } = await services.ask('/v1/metrics?to=2024-05');
    const values = figures.map(({ points }: { points: { value: unknown }[] }) => points[0]!.value);
    expect(values).toEqual(Array.from({ length: 6 }, () => expect.any(Number)));
    expect(values.every((value: number) => value > 0)).toBe(true);
  });
});
