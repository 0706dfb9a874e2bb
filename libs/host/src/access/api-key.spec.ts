import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { digestOf, isAccepted, keyIdMadeBy, keyIdOf, newKeyText, type ApiKey } from './api-key.js';

const id = 'Ab3dE9xZ';
const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+/=. \n\u00e9'];

describe('the text of a key', () => {
  it('is rk, its id, 256 random bits and 8 check digits', () => {
    const text = newKeyText(id);
    expect(text).toHaveLength(64);
    const [, secret] = new RegExp(`^rk_${id}_([A-Za-z0-9_-]{43})_[0-9a-f]{8}$`).exec(text)!;
    expect(Buffer.from(secret!, 'base64url')).toHaveLength(32);
    expect(new Set(Array.from({ length: 100 }, () => newKeyText(id))).size).toBe(100);
  });

  it('has the check digits that it always had', () => {
    // The CRC-32 as zlib of Python gives it.
    expect(keyIdOf(`rk_${id}_${'A'.repeat(42)}8_921273ee`)).toBe(id);
  });

  it('tells its id', () =>
    fc.assert(fc.property(fc.stringMatching(/^[A-Za-z0-9]{8}$/), (own) => keyIdOf(newKeyText(own)) === own)));

  it('tells nothing once any one character of it is another', () => {
    const text = newKeyText(id);
    for (const [at, letter] of [...text].entries()) {
      for (const other of letters.filter((each) => each !== letter)) {
        expect(keyIdOf(text.slice(0, at) + other + text.slice(at + 1))).toBeNull();
      }
    }
  });

  it('tells nothing when it is cut, prolonged, or two neighbours are exchanged', () =>
    fc.assert(
      fc.property(fc.nat(63), fc.constantFrom(...letters), (at, letter) => {
        const text = newKeyText(id);
        expect(keyIdOf(text.slice(0, at))).toBeNull();
        expect(keyIdOf(text.slice(0, at) + letter + text.slice(at))).toBeNull();
        expect(keyIdOf(text + letter)).toBeNull();
        const exchanged = text.slice(0, at) + (text[at + 1] ?? '') + text[at]! + text.slice(at + 2);
        if (exchanged !== text) expect(keyIdOf(exchanged)).toBeNull();
      }),
    ));

  it('is no other text', () =>
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => keyIdOf(text) === null)));
});

it('ids are drawn from all letters and digits, by the command that makes the key', () => {
  const drawn = Array.from({ length: 500 }, (_, n) => keyIdMadeBy(`command ${n >> 1}`, n & 1));
  expect(new Set(drawn).size).toBe(500);
  expect(keyIdMadeBy('command 7', 1)).toBe(drawn[15]);
  for (const one of drawn) expect(one).toMatch(/^[A-Za-z0-9]{8}$/);
  expect(new Set(drawn.join('')).size).toBe(62);
});

it('what is stored of a key is its SHA-256', () => {
  const text = newKeyText(id);
  expect(digestOf(text)).toBe(createHash('sha256').update(text).digest('hex'));
});

describe('a key is accepted', () => {
  const key: ApiKey = {
    id,
    sealedName: '',
    grants: [],
    issuedAt: '2024-01-01T00:00:00.000Z',
    expiresOn: null,
    expiresAt: null,
    revokedAt: null,
    lastUsedOn: null,
    secrets: [{ digest: 'new', until: null }],
  };
  const end = '2024-03-31T22:00:00.000Z';
  const before = '2024-03-31T21:59:59.999Z';

  it('without an end for ever', () => expect(isAccepted(key, 'new', '2999-12-31T23:59:59.999Z')).toBe(true));

  it('with its own secret alone', () => {
    expect(isAccepted(key, 'other', before)).toBe(false);
    expect(isAccepted({ ...key, secrets: [] }, 'new', before)).toBe(false);
  });

  it('until it expires', () => {
    const expiring = { ...key, expiresOn: '2024-03-31', expiresAt: end };
    expect([before, end].map((at) => isAccepted(expiring, 'new', at))).toEqual([true, false]);
  });

  it('until it is revoked, also when the clock goes back', () => {
    const revoked = { ...key, revokedAt: end };
    expect([before, end].map((at) => isAccepted(revoked, 'new', at))).toEqual([false, false]);
  });

  it('with the secret before, until the overlap is over', () => {
    const secrets = [
      { digest: 'new', until: null },
      { digest: 'old', until: end },
    ];
    const rotated = { ...key, secrets };
    expect([before, end].map((at) => isAccepted(rotated, 'old', at))).toEqual([true, false]);
    expect([before, end].map((at) => isAccepted(rotated, 'new', at))).toEqual([true, true]);
    expect(isAccepted({ ...rotated, expiresAt: before }, 'old', before)).toBe(false);
  });
});
