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
    ['an unknown attribute', { ...event, colour: 'red' }, 'UNKNOWN_FIELD /colour'],
    ['an unknown field', withData({ name: 'x' }), 'UNKNOWN_FIELD /data/name'],
    ['no data', { ...event, data: undefined }, 'REQUIRED /data'],
    ['an array for data', { ...event, data: [] }, 'WRONG_TYPE /data'],
    ['an unknown kind', withData({ kind: 'party' }), 'UNKNOWN_KIND /data/kind'],
    ['a branch no branch can be', withData({ branch: 'no such' }), 'UNKNOWN_BRANCH /data/branch'],
    ['an empty card', withData({ card: ' - ' }), 'BAD_CARD /data/card'],
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
