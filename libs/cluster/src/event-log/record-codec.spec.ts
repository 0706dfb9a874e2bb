import type { NewRecord } from '@readership/kernel';
import type { KafkaMessage } from 'kafkajs';
import { decodeRecord, encodeRecord, UnreadableRecord } from './record-codec.js';

const record: NewRecord = {
  partition: 2,
  context: 'patron-profile',
  position: 17,
  key: 'rëader/x',
  type: 'PatronMoved',
  schema: 3,
  stream: 'patron-1',
  id: '0190a000-0000-7000-8000-000000000001',
  time: '2025-12-31T23:30:00+02:00',
  recordedAt: '2026-01-01T00:00:00.000Z',
  actor: 'desk',
  body: '{"text": "Ünïcødé 😀 \\u2028", "n":1.50}',
};

/** The message as the broker delivers it. */
function sent(of: NewRecord, change: (headers: Record<string, Buffer>) => void = () => {}): KafkaMessage {
  const { message } = encodeRecord(of, 12);
  const headers = Object.fromEntries(
    Object.entries(message.headers!).map(([name, text]) => [name, Buffer.from(text as string)]),
  );
  change(headers);
  return {
    key: Buffer.from(message.key as string),
    value: message.value as Buffer,
    headers,
    offset: '40',
    timestamp: '0',
    attributes: 0,
  };
}

describe('a record on Kafka', () => {
  it('reads back as it was sent, with its offset from 1 and the position before it', () => {
    expect(decodeRecord(sent(record), 2)).toEqual({ ...record, offset: 41, previous: 12 });
    const caused = { ...record, correlationId: 'trace-1', causationId: 'cause-1' };
    expect(decodeRecord(sent(caused), 2)).toEqual({ ...caused, offset: 41, previous: 12 });
  });

  it('is a CloudEvent in binary mode', () => {
    expect(encodeRecord(record, 12).message.headers).toMatchObject({
      'content-type': 'application/json',
      ce_specversion: '1.0',
      ce_source: '/readership/patron-profile',
      ce_type: 'org.readership.patron-profile.patron-moved.v3',
      ce_subject: 'patron-1',
      ce_partitionkey: 'rëader/x',
      rs_position: '17',
      rs_previous: '12',
    });
    expect(encodeRecord(record, 12).message.headers).not.toHaveProperty('rs_type');
  });

  it.each(['Odd', 'NPSAnswered', 'V2Moved', 'X.v2', 'lower', 'With-Dash', 'two words', 'with-dash'])(
    'keeps the type %s exactly',
    (type) => {
      expect(decodeRecord(sent({ ...record, type }), 2)?.type).toBe(type);
    },
  );

  it('is said to be at least as large as its texts', () => {
    const { message, bytes } = encodeRecord(record, 12);
    const texts = [message.key, message.value, ...Object.entries(message.headers!).flat()];
    expect(bytes).toBeGreaterThan(texts.reduce((sum, text) => sum + Buffer.from(text as string).length, 0));
  });

  it('is none of ours without any of our position headers', () => {
    const without = (start: string) => (headers: Record<string, Buffer>) => {
      for (const name of Object.keys(headers)) if (name.startsWith(start)) delete headers[name];
    };
    expect(decodeRecord(sent(record, without('rs_')), 2)).toBeNull();
    expect(decodeRecord(sent(record, without('')), 2)).toBeNull();
  });

  it.each<[string, (headers: Record<string, Buffer>) => void]>([
    ['rs_previous is missing', (headers) => delete headers.rs_previous],
    ['rs_position is no number', (headers) => (headers.rs_position = Buffer.from('-1'))],
    ['ce_id is missing', (headers) => delete headers.ce_id],
    ['ce_type is none of ours', (headers) => (headers.ce_type = Buffer.from('com.example.moved.v1'))],
    [
      'ce_type has no version',
      (headers) => (headers.ce_type = Buffer.from('org.readership.patron-profile.x.vx')),
    ],
  ])('of ours cannot be read when %s, and says so', (why, change) => {
    expect(() => decodeRecord(sent(record, change), 2)).toThrow(UnreadableRecord);
    expect(() => decodeRecord(sent(record, change), 2)).toThrow(why);
  });

  it('of ours cannot be read without its key or body', () => {
    expect(() => decodeRecord({ ...sent(record), value: null }, 2)).toThrow(UnreadableRecord);
    expect(() => decodeRecord({ ...sent(record), key: null }, 2)).toThrow(UnreadableRecord);
  });
});
