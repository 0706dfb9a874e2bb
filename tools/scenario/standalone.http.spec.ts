import { Running } from '../running.js';
import { Readership } from './readership.js';
import { prepare, scenario } from './scenario.js';

/** On SQLite, all four contexts in one process. */
let running: Running;
let readership: Readership;

beforeAll(async () => {
  running = await Running.start();
  readership = new Readership(running);
  await prepare(readership);
}, 60_000);
afterAll(async () => {
  expect(await running.stop()).toBe(0);
  running.forget();
}, 30_000);

describe.each(scenario())('$name', ({ begin, cases }) => {
  beforeAll(() => begin?.(readership));

  it.each(Object.entries(cases))('%s', (_, run) => run(readership));
});
