import { createHmac } from 'node:crypto';
import { interactionFact } from '@readership/contracts';
import { digest } from '@readership/kernel';
import { incoming, type Incoming } from './interaction-event.js';

const cardKey = Buffer.alloc(32, 2);
const nowMs = Date.parse('2024-06-01T12:00:00.000Z');
const patronId = '0193a1b2-0000-7000-8000-00000000000a';
const event = {
  specversion: '1.0',
  source: 'ils/north',
  id: 'loan-1',
  type: 'org.readership.interaction.v1',
  time: '2024-03-31T09:15:00+02:00',
  data: { kind: 'loan', branch: 'NORTH', card: '0012 34-a' } as Record<string, unknown>,
};
const withData = (data: Record<string, unknown>) => ({ ...event, data: { ...event.data, ...data } });
const anonymous = (data: Record<string, unknown>) => ({
  ...event,
  data: { kind: 'visit', branch: 'NORTH', ...data },
});
const read = (sent: unknown): Incoming => {
  const line = incoming(sent, nowMs, cardKey);
  if (Array.isArray(line)) throw new Error(JSON.stringify(line));
  return line as Incoming;
};
const problems = (sent: unknown): string[] => {
  const line = incoming(sent, nowMs, cardKey);
  if (!Array.isArray(line)) throw new Error('accepted');
  return line.map(({ code, pointer }) => `${code} ${pointer}`);
};

describe('an interaction that is sent', () => {
  it('is read with its defaults, under the digest of source and id', () => {
    const { id, reference, now } = read(event);
    expect(id).toBe(digest('ils/north\u0000loan-1'));
    expect(reference).toBe(createHmac('sha256', cardKey).update('001234A').digest('base64url'));
    expect(now).toEqual({
      time: '2024-03-31T07:15:00.000Z',
      kind: 'loan',
      branch: 'NORTH',
      quantity: 1,
      startedBy: 'patron',
      digital: false,
    });
    expect(interactionFact.parse(now)).toEqual(now);
  });

  it('means the same card however it is written', () => {
    const tokens = ['001234a', '00-12-34 A', ' ００１２３４Ａ '].map(
      (card) => read(withData({ card })).reference,
    );
    expect(new Set(tokens).size).toBe(1);
    expect(read(withData({ card: '1234A' })).reference).not.toBe(tokens[0]);
  });

  it('has the same digest when it says the same, and another when anything differs', () => {
    const same = [
      event,
      { ...event, time: '2024-03-31T07:15:00Z' },
      withData({ quantity: 1, digital: false }),
    ];
    expect(new Set(same.map((sent) => read(sent).digest)).size).toBe(1);
    const others = [
      { quantity: 2 },
      { kind: 'hold' },
      { branch: 'SOUTH' },
      { card: '9' },
      { details: 'x' },
      { channel: 'desk' },
      { readScale: 1 },
      { digital: true },
      { startedBy: 'library' },
    ];
    const digests = [event, ...others.map(withData), { ...event, time: '2024-03-31T07:15:01Z' }].map(
      (sent) => read(sent).digest,
    );
    expect(new Set(digests).size).toBe(digests.length);
  });

  it('may carry the attributes of CloudEvents, which are not kept', () => {
    const { digest: before } = read(event);
    expect(
      read({ ...event, subject: 's', datacontenttype: 'application/json', traceparent: '00-1-1-01' }).digest,
    ).toBe(before);
  });

  it.each<[string, unknown, string]>([
    ['null', null, 'WRONG_TYPE '],
    ['an array', [], 'WRONG_TYPE '],
    ['text', 'x', 'WRONG_TYPE '],
    ['no time', { ...event, time: undefined }, 'REQUIRED /time'],
    ['a number for a time', { ...event, time: 5 }, 'WRONG_TYPE /time'],
    ['a day for a time', { ...event, time: '2024-03-31' }, 'BAD_TIME /time'],
    ['the day after tomorrow', { ...event, time: '2024-06-03T00:00:00Z' }, 'TIME_IN_FUTURE /time'],
    ['another specversion', { ...event, specversion: '0.3' }, 'UNSUPPORTED_SPECVERSION /specversion'],
    ['another type', { ...event, type: 'x' }, 'UNKNOWN_TYPE /type'],
    ['an empty id', { ...event, id: '' }, 'BAD_ID /id'],
    ['a long source', { ...event, source: 's'.repeat(257) }, 'BAD_SOURCE /source'],
    ['an unknown field', withData({ name: 'x' }), 'UNKNOWN_FIELD /data/name'],
    ['no data', { ...event, data: undefined }, 'REQUIRED /data'],
    ['an array for data', { ...event, data: [] }, 'WRONG_TYPE /data'],
    ['an unknown kind', withData({ kind: 'party' }), 'UNKNOWN_KIND /data/kind'],
    ['a branch no branch can be', withData({ branch: 'no such' }), 'UNKNOWN_BRANCH /data/branch'],
    ['an empty card', withData({ card: ' - ' }), 'BAD_CARD /data/card'],
    ['a card in which nothing can be seen', withData({ card: ' \u200b' }), 'BAD_CARD /data/card'],
    ['a card of 65 characters', withData({ card: '1'.repeat(65) }), 'BAD_CARD /data/card'],
    ['a card with a control character', withData({ card: '1\u0007' }), 'BAD_CARD /data/card'],
    ['card and patron', withData({ patronId }), 'BOTH_CARD_AND_PATRON /data/card'],
    ['a patron id that is none', anonymous({ patronId: '42' }), 'BAD_PATRON_ID /data/patronId'],
    ['a quantity of 0', withData({ quantity: 0 }), 'BAD_QUANTITY /data/quantity'],
    ['a half', withData({ quantity: 1.5 }), 'BAD_QUANTITY /data/quantity'],
    ['a quantity as text', withData({ quantity: '1' }), 'BAD_QUANTITY /data/quantity'],
    ['1,001 by a person', withData({ quantity: 1_001 }), 'QUANTITY_TOO_LARGE /data/quantity'],
    ['over ten million', anonymous({ quantity: 10_000_001 }), 'QUANTITY_TOO_LARGE /data/quantity'],
    ['a machine that began', withData({ startedBy: 'machine' }), 'BAD_STARTED_BY /data/startedBy'],
    ['a sentence for a channel', withData({ channel: 'she came to the desk' }), 'BAD_CHANNEL /data/channel'],
    ['a READ scale of 7', withData({ readScale: 7 }), 'BAD_READ_SCALE /data/readScale'],
    ['text for yes', withData({ digital: 'yes' }), 'WRONG_TYPE /data/digital'],
    ['a book for details', withData({ details: 'ü'.repeat(40_000) }), 'EVENT_TOO_LARGE /data/details'],
  ])('is refused with %s', (_what, sent, expected) => expect(problems(sent)).toContain(expected));

  it('says the same with null or a blank text as without the field', () => {
    const bare = { ...event, data: { kind: 'visit', branch: 'NORTH' } };
    const blank = {
      ...bare,
      ...{ subject: null, dataschema: '', datacontenttype: null, sequence: null, data_base64: null },
      data: {
        ...bare.data,
        ...{ card: null, patronId: '', quantity: null, startedBy: null, channel: '', readScale: null },
        ...{ digital: null, details: ' \u200b\n' },
      },
    };
    expect(read(blank)).toEqual(read(bare));
  });

  it.each<[string, unknown]>([
    ['sequence', '00017'],
    ['sampledrate', 1],
    ['iodebeziumop', 'c'],
    ['knativearrivaltime', 'x'],
    ['traceparent', '00-1-1-01'],
    ['urgent', true],
    ['b64', 'x'.repeat(2_048)],
    ['constructor', 'x'],
  ])('is read without its extension attribute %s', (name, value) =>
    expect(read({ ...event, [name]: value })).toEqual(read(event)),
  );

  it.each<[string, unknown]>([
    ['Colour', 'red'],
    ['my-ext', 'x'],
    ['my_ext', 'x'],
    ['__proto__x', 'x'],
    ['rate', 1.5],
    ['rate', 2_147_483_648],
    ['list', []],
    ['object', {}],
    ['long', 'x'.repeat(2_049)],
  ])('is refused with an extension attribute %s that CloudEvents does not allow', (name, value) =>
    expect(problems({ ...event, [name]: value })).toEqual([`BAD_ATTRIBUTE /${name}`]),
  );

  it('names all that is wrong, in its attributes and in its data', () =>
    expect(problems({ ...withData({ kind: 'party' }), 'my-ext': 'x' })).toEqual([
      'BAD_ATTRIBUTE /my-ext',
      'UNKNOWN_KIND /data/kind',
    ]));

  it.each(['application/json', 'application/json; charset=utf-8', 'text/json', 'application/vnd.ils+json'])(
    'is read with data of type %s',
    (datacontenttype) => expect(read({ ...event, datacontenttype })).toEqual(read(event)),
  );

  it('is read with its data in base64, as well as in clear', () => {
    const { data, ...rest } = event;
    const data_base64 = Buffer.from(JSON.stringify(data)).toString('base64');
    expect(read({ ...rest, data_base64 })).toEqual(read(event));
    expect(read({ ...rest, data: null, data_base64 })).toEqual(read(event));
    expect(problems({ ...event, data_base64 })).toContain('BOTH_DATA /data_base64');
    expect(problems({ ...rest, data_base64: 'eyJ' })).toContain('BAD_BASE64 /data_base64');
    expect(problems({ ...rest, data_base64: 5 })).toContain('BAD_BASE64 /data_base64');
    expect(problems({ ...rest, data_base64: 'bm8=' })).toContain('MALFORMED_JSON /data_base64');
    expect(problems({ ...rest, data_base64: '/w==' })).toContain('NOT_UTF8 /data_base64');
    expect(problems({ ...event, datacontenttype: 'text/xml' })).toEqual(['DATA_NOT_JSON /datacontenttype']);
  });

  it('keeps its free text in one form, with line breaks, emoji and the joiners of its script', () => {
    const { details } = read(withData({ details: ' می\u200cخواهم\r\n👩‍🔬 Zoe\u0308\u202e ' }));
    expect(details).toBe('می\u200cخواهم\n👩‍🔬 Zoë');
    expect(read(withData({ details })).digest).toBe(read(withData({ details: `${details}\ufeff` })).digest);
    expect(problems(withData({ details: 'a\u0007' }))).toEqual(['BAD_TEXT /data/details']);
  });

  it.each(['renewal', 'loan', 'hold', 'contact', 'visit'])(
    'of kind %s may be started by the library',
    (kind) => {
      expect(read(withData({ kind, startedBy: 'library' })).now.startedBy).toBe('library');
      expect(read(withData({ kind })).now.startedBy).toBe('patron');
    },
  );

  it('is accepted at its limits', () => {
    expect(read(anonymous({ quantity: 10_000_000 })).reference).toBeNull();
    expect(
      read(withData({ quantity: 1_000, readScale: 6, details: 'x'.repeat(60_000) })).details,
    ).toHaveLength(60_000);
    expect(read(anonymous({ patronId: patronId.toUpperCase() })).reference).toBe(patronId);
  });

  it('hears of everything that is wrong at once, never with what was sent', () => {
    const all = incoming(
      { ...event, id: '', data: { kind: 'secret', branch: 'NORTH', x: 1 } },
      nowMs,
      cardKey,
    );
    expect(all).toHaveLength(3);
    expect(JSON.stringify(all)).not.toContain('secret');
  });
});
