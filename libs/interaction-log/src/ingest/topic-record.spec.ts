import type { TopicRecord } from '@readership/kernel';
import { incoming } from './interaction-event.js';
import { recordBytesMax, sentOn } from './topic-record.js';

const source = 'urn:ils:north';
const data = { kind: 'loan', branch: 'NORTH' };
const attributes = {
  specversion: '1.0',
  source,
  id: 'loan-1',
  type: 'org.readership.interaction.v1',
  time: '2024-03-31T09:15:00Z',
};
const binary = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`ce_${name}`, value]));
const structured = { 'content-type': 'application/cloudevents+json; charset=UTF-8' };
const record = (
  value: object | string | Buffer | null,
  headers: Readonly<Record<string, string>>,
  key: Buffer | null = null,
): TopicRecord => ({
  offset: 0,
  timestamp: 0,
  key,
  value:
    value === null || Buffer.isBuffer(value)
      ? value
      : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
  headers,
});
const code = (sent: ReturnType<typeof sentOn>): string =>
  'problem' in sent ? sent.problem.code : 'an event';

describe('a record is read', () => {
  it.each<[string, TopicRecord]>([
    ['in binary mode', record(data, { ...binary, 'content-type': 'application/json' })],
    [
      'in binary mode, with a charset',
      record(data, { ...binary, 'content-type': 'application/json; charset=utf-8' }),
    ],
    ['in binary mode, without a content type', record(data, binary)],
    ['in structured mode', record({ ...attributes, data }, structured)],
    [
      'in structured mode, however it is written',
      record({ ...attributes, data }, { 'Content-Type': 'Application/CloudEvents+JSON' }),
    ],
    [
      'in structured mode, the headers being repeated',
      record({ ...attributes, data }, { ...binary, ...structured }),
    ],
  ])('%s', (_, sent) => {
    expect(sentOn(sent)).toEqual({ source, event: { ...attributes, data } });
  });

  it('the same in both modes', () => {
    const read = [record(data, binary), record({ ...attributes, data }, structured)].map((one) => {
      const sent = sentOn(one);
      return 'event' in sent && incoming(sent.event, Date.UTC(2024, 5), Buffer.alloc(32, 1));
    });
    expect(read[0]).toMatchObject({ now: { kind: 'loan', branch: 'NORTH' } });
    expect(read[0]).toEqual(read[1]);
  });
});

describe('a record is an event as over HTTP', () => {
  const read = (one: TopicRecord) => {
    const sent = sentOn(one);
    return 'event' in sent ? incoming(sent.event, Date.UTC(2024, 5), Buffer.alloc(32, 1)) : sent.problem;
  };
  const plain = read(record(data, binary));

  it.each<[string, TopicRecord]>([
    ['with extension attributes in headers', record(data, { ...binary, ce_sequence: '00017', ce_rate: '1' })],
    ['with empty headers', record(data, { ...binary, ce_subject: '', ce_dataschema: '' })],
    ['with data of a JSON type', record(data, { ...binary, 'content-type': 'application/vnd.ils+json' })],
    ['with null for what is optional', record({ ...data, card: null, details: '' }, binary)],
    [
      'with extension attributes and null in its value',
      record({ ...attributes, subject: null, iodebeziumop: 'c', sampledrate: 1, data }, structured),
    ],
    [
      'with data in base64',
      record(
        { ...attributes, data_base64: Buffer.from(JSON.stringify(data)).toString('base64') },
        structured,
      ),
    ],
  ])('%s', (_, sent) => expect(read(sent)).toEqual(plain));

  it('but its headers are not percent-decoded, for the Kafka binding has them in UTF-8', () => {
    const spaced = read(record(data, { ...binary, ce_id: 'loan 1' }));
    expect(read(record(data, { ...binary, ce_id: 'loan%201' }))).not.toEqual(spaced);
  });

  it('and is refused with a header that is no attribute', () =>
    expect(read(record(data, { ...binary, 'ce_my-ext': 'x' }))).toMatchObject([{ code: 'BAD_ATTRIBUTE' }]));
});

describe('a record says nothing', () => {
  it.each<[string, TopicRecord]>([
    ['TOMBSTONE', record(null, {})],
    ['TOMBSTONE', record(null, binary)],
    ['TOMBSTONE', record(null, structured)],
    ['NOT_A_CLOUDEVENT', record({ ...attributes, data }, {})],
    ['NOT_A_CLOUDEVENT', record(data, { 'content-type': 'application/json', 'ce-id': '1' })],
    [
      'UNSUPPORTED_MEDIA_TYPE',
      record([attributes], { 'content-type': 'application/cloudevents-batch+json' }),
    ],
    ['UNSUPPORTED_MEDIA_TYPE', record('x', { 'content-type': 'application/cloudevents+avro' })],
    ['UNSUPPORTED_MEDIA_TYPE', record('<a/>', { ...binary, 'content-type': 'text/xml' })],
    ['NOT_UTF8', record(Buffer.from([0x22, 0xff, 0x22]), structured)],
    ['NOT_UTF8', record(data, { ...binary, ce_id: 'loan-\ufffd' })],
    ['BAD_STRING', record(data, { ...binary, ce_id: 'loan-\0' })],
    ['MALFORMED_JSON', record('', binary)],
    ['MALFORMED_JSON', record('{"kind":', binary)],
    ['TOO_DEEP', record('['.repeat(1_000), structured)],
    ['FORBIDDEN_KEY', record('{"__proto__":{}}', binary)],
    ['RECORD_TOO_LARGE', record(Buffer.alloc(recordBytesMax + 1, 0x20), structured)],
    ['RECORD_TOO_LARGE', record(data, { ...binary, ce_subject: 'x'.repeat(recordBytesMax) })],
    ['RECORD_TOO_LARGE', record(data, binary, Buffer.alloc(recordBytesMax))],
  ])('%s', (problem, sent) => expect(code(sentOn(sent))).toBe(problem));

  it.each<[string | null, TopicRecord]>([
    [source, record(null, binary)],
    [source, record('{', { ...structured, ce_source: source })],
    [source, record({ source }, structured)],
    [null, record('{', structured)],
    [null, record('null', structured)],
    [null, record(null, { ce_source: 'Ada Lovelace' })],
    [null, record(null, { ce_source: 'x'.repeat(257) })],
    [null, record({ source: 7 }, structured)],
  ])('but who sent it is told where it is a name: %j', (name, sent) =>
    expect(sentOn(sent).source).toBe(name),
  );
});

it.each(['__proto__', 'ce___proto__', 'ce_constructor'])(
  'a header called %s makes no attribute of its own',
  (name) => {
    const headers = JSON.parse(`{${JSON.stringify(name)}:"x"}`) as Record<string, string>;
    const sent = sentOn(record(data, Object.assign(Object.create(null) as object, binary, headers)));
    const read = 'event' in sent ? incoming(sent.event, Date.UTC(2024, 5), Buffer.alloc(32, 1)) : sent;
    if (name === 'ce___proto__') expect(read).toMatchObject([{ code: 'BAD_ATTRIBUTE' }]);
    else expect(read).toMatchObject({ now: { kind: 'loan' } });
  },
);
