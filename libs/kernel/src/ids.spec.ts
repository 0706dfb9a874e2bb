import { digest, uuid5 } from './ids.js';

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
