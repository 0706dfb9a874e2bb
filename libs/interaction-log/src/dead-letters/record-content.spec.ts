import type { TopicRecord } from '@readership/kernel';
import { contentOf, recordOf } from './record-content.js';

const record: TopicRecord = {
  offset: 7,
  timestamp: 1_700_000_000_000,
  key: Buffer.from([0xff, 0x00]),
  value: Buffer.from('{"größe":"\ud83d\ude00"}'),
  headers: JSON.parse('{"ce_id":"ä\\u0000\\ufffd","__proto__":"x"}') as Record<string, string>,
};

it.each<[string, TopicRecord]>([
  ['of any bytes', record],
  ['without key and value', { ...record, key: null, value: null, headers: {} }],
  ['with an empty key and value', { ...record, key: Buffer.alloc(0), value: Buffer.alloc(0) }],
  ['of 128 KiB', { ...record, value: Buffer.alloc(128 * 1024, 0x80) }],
])('a record %s is the same after it was kept', (_, one) => expect(recordOf(contentOf(one))).toEqual(one));

it('no part is larger than an event may be', () => {
  const parts = contentOf({ ...record, value: Buffer.alloc(128 * 1024, 1) });
  expect(parts.length).toBeGreaterThan(1);
  for (const part of parts) expect(Buffer.byteLength(part)).toBeLessThanOrEqual(60_000);
});
