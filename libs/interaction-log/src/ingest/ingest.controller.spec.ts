import { Refusal, Unavailable, type TopicBatch, type TopicRecord } from '@readership/kernel';
import type { NotTaken, ParkedRecords } from '../dead-letters/parked-records.js';
import { IngestController } from './ingest.controller.js';
import type { Intake } from './intake.js';

const record = (offset: number): TopicRecord => ({
  ...{ offset, key: null, value: null, headers: {}, timestamp: 0 },
});
const batch: TopicBatch = { topic: 'ingest', partition: 0, records: [record(7), record(8)] };

it.each([
  ['the store is away', new Unavailable('STORE_UNAVAILABLE', 'MongoNetworkError')],
  ['too much waits', new Unavailable('BUSY', 'too much waits for its order')],
  ['others change the same', new Refusal('BUSY', 'not-yet', 'Others are changing the same record.')],
])('parks nothing, however often %s, for that is no record’s fault', async (_what, late) => {
  const parked: NotTaken[] = [];
  let failure: Error | null = late;
  const take = async (records: readonly TopicRecord[]) => {
    if (failure) throw failure;
    return records.map(() => ({}));
  };
  const controller = new IngestController(
    { take } as unknown as Intake,
    { park: async (not: readonly NotTaken[]) => void parked.push(...not) } as unknown as ParkedRecords,
    { now: () => new Date(0) },
  );
  for (let time = 0; time < 12; time++) await expect(controller.take(batch)).rejects.toThrow();
  failure = null;
  await controller.take(batch);
  expect(parked).toEqual([]);

  failure = new Error('it makes the store fail');
  for (let time = 0; time < 10; time++) await expect(controller.take(batch)).rejects.toThrow();
  await controller.take(batch);
  expect(parked.map(({ problem: { code } }) => code)).toEqual(['CANNOT_RECORD', 'CANNOT_RECORD']);
});
