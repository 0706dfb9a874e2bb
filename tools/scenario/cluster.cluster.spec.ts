import { RunningCluster } from '../cluster/running-cluster.js';
import { Readership } from './readership.js';
import { prepare, scenario } from './scenario.js';

/** On Kafka, MongoDB and Redis: a process per context, two each of interaction-log and analytics, behind one address. */
let cluster: RunningCluster;
let readership: Readership;

beforeAll(async () => {
  cluster = await RunningCluster.start({
    replicas: { 'interaction-log': 2, analytics: 2 },
    ratePerSecond: 100_000,
  });
  readership = new Readership(cluster);
  await prepare(readership);
}, 120_000);
afterAll(async () => {
  expect(await cluster.stop()).toEqual([]);
  await cluster.forget();
}, 60_000);

describe.each(scenario())('$name', ({ begin, cases }) => {
  beforeAll(() => begin?.(readership));

  it.each(Object.entries(cases))('%s', (_, run) => run(readership));
});
