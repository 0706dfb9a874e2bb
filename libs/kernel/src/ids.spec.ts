import { jest } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { digest, keyed, uuid5, uuidMadeBy, uuidv7 } from './ids.js';

const dns = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';
const url = '6ba7b811-9dad-11d1-80b4-00c04fd430c8';

describe('a name-based UUID', () => {
  it('is that of RFC 9562, appendix A.4', () =>
    expect(uuid5(dns, 'www.example.com')).toBe('2ed6657d-e927-568b-95e1-2665a8aea6a2'));

  it('is of the UTF-8 bytes of the name', () =>
    expect(uuid5(url, 'Ünïcødé')).toBe('de075f51-7c1c-552d-8c00-4ef520a08c0b'));

  it('is the same each time and another for another name or namespace', () => {
    expect(uuid5(dns, 'a')).toBe(uuid5(dns, 'a'));
    expect(new Set([uuid5(dns, 'a'), uuid5(dns, 'b'), uuid5(url, 'a')]).size).toBe(3);
  });

  it('of a name-based UUID is one again', () =>
    expect(uuid5(uuid5(dns, 'a'), 'b')).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    ));
});

it('a digest is the base64url of SHA-256 of the UTF-8 bytes', () =>
  expect(digest('Ünïcødé')).toBe('vvFPZwyGYtRkCPG0trf6BS_3wUnK443nZFnzBfhHorg'));

describe('a time-ordered UUID', () => {
  afterEach(() => void jest.useRealTimers());

  it('has the form of version 7 and the milliseconds of its time', () => {
    jest.useFakeTimers({ now: Date.UTC(2200, 0, 1) });
    const id = uuidv7();
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(Date.UTC(2200, 0, 1));
  });

  it('is greater than every one before, within a millisecond and when the clock goes back', () => {
    jest.useFakeTimers({ now: Date.UTC(2201, 0, 1) });
    const ids = Array.from({ length: 20_000 }, uuidv7);
    jest.setSystemTime(Date.UTC(2200, 6, 1));
    ids.push(...Array.from({ length: 20_000 }, uuidv7));
    jest.setSystemTime(Date.UTC(2202, 0, 1));
    ids.push(uuidv7());
    expect(ids.every((id, at) => at === 0 || ids[at - 1]! < id)).toBe(true);
    expect(new Set(ids.map((id) => id.slice(19))).size).toBe(ids.length);
  });
});

describe('a keyed digest', () => {
  it.each(['', 'a', 'AB1234', 'Zoë 李', 'x'.repeat(65_536), 'é'.repeat(40_000), 'a'])(
    'is that of HMAC-SHA-256 (%#)',
    (text) => {
      for (const key of [Buffer.alloc(32, 1), Buffer.alloc(64, 2), Buffer.alloc(5, 3), Buffer.alloc(0)])
        expect(keyed(key, text)).toBe(createHmac('sha256', key).update(text).digest('base64url'));
    },
  );

  it('has a key of at most 64 bytes', () => {
    expect(() => keyed(Buffer.alloc(65), 'a')).toThrow(RangeError);
  });
});

describe('an id that a command gives', () => {
  it('is the same for the same command and name, and a UUID with the time of the command', () => {
    const command = uuidv7();
    const id = uuidMadeBy(command, 'invitation');
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(id.slice(0, 13)).toBe(command.slice(0, 13));
    expect(uuidMadeBy(command, 'invitation')).toBe(id);
    expect(uuidMadeBy(command, 'patron')).not.toBe(id);
    expect(uuidMadeBy(uuidv7(), 'invitation')).not.toBe(id);
  });
});
