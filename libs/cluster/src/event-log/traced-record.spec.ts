import type { LogRecord, NewRecord } from '@readership/kernel';
import type { KafkaMessage } from 'kafkajs';
import { decodeRecord, encodeRecord } from './record-codec.js';

const record: NewRecord = {
  partition: 2,
  context: 'interaction-log',
  position: 512,
  key: 'person-1',
  type: 'InteractionRecorded',
  schema: 1,
  stream: 'interaction-a',
  id: 'id-1',
  time: '2024-03-05T14:30:00.000Z',
  recordedAt: '2024-03-05T14:30:01.000Z',
  actor: 'admin',
  body: '{"n":1}',
};
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

/** The headers of records that were sent before trace contexts were stored. */
const headers = {
  'content-type': 'application/json',
  ce_specversion: '1.0',
  ce_id: 'id-1',
  ce_source: '/readership/interaction-log',
  ce_type: 'org.readership.interaction-log.interaction-recorded.v1',
  ce_subject: 'interaction-a',
  ce_time: '2024-03-05T14:30:00.000Z',
  ce_recordedtime: '2024-03-05T14:30:01.000Z',
  ce_partitionkey: 'person-1',
  ce_actor: 'admin',
  rs_context: 'interaction-log',
  rs_position: '512',
  rs_previous: '0',
};

const message = (sent: Record<string, string>): KafkaMessage => ({
  key: Buffer.from(record.key),
  value: Buffer.from(record.body),
  timestamp: '0',
  attributes: 0,
  offset: '6',
  headers: Object.fromEntries(Object.entries(sent).map(([name, text]) => [name, Buffer.from(text)])),
});

it('writes a record as the same CloudEvent for ever', () => {
  expect(encodeRecord(record, 0).message.headers).toEqual(headers);
  expect(encodeRecord({ ...record, traceparent }, 0).message.headers).toEqual({ ...headers, traceparent });
});

it('reads a record with and without trace context', () => {
  const read: LogRecord = { ...record, offset: 7, previous: 0 };
  expect(decodeRecord(message(headers), 2)).toEqual(read);
  expect(decodeRecord(message({ ...headers, traceparent }), 2)).toEqual({ ...read, traceparent });
});

it('counts the bytes of a trace context', () => {
  const [without, with_] = [encodeRecord(record, 0), encodeRecord({ ...record, traceparent }, 0)];
  expect(with_.bytes - without.bytes).toBeGreaterThan(traceparent.length + 'traceparent'.length);
});
