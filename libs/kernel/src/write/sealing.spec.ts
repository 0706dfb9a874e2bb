import { newDataKey, seal, unseal, unwrapDataKey } from './sealing.js';

it('opens a sealed part only where it was sealed, and only unchanged', () => {
  const key = Buffer.alloc(32, 1);
  const sealed = seal(key, '{"a":1}', 'patron-1', 2);
  expect(unseal(key, sealed, 'patron-1', 2)).toBe('{"a":1}');
  expect(unseal(key, sealed, 'patron-1', 3)).toBeNull();
  expect(unseal(key, sealed, 'patron-2', 2)).toBeNull();
  const other = sealed.startsWith('A') ? 'B' : 'A';
  expect(unseal(key, other + sealed.slice(1), 'patron-1', 2)).toBeNull();
  for (const cut of ['', 'AAAA', sealed.slice(0, 20)]) expect(unseal(key, cut, 'patron-1', 2)).toBeNull();
});

it('unwraps a data key only with its master key and for its subject', () => {
  const master = Buffer.alloc(32, 1);
  const { key, wrapped } = newDataKey(master, 'person-1');
  expect(unwrapDataKey(master, wrapped, 'person-1')).toEqual(key);
  expect(unwrapDataKey(master, wrapped, 'person-2')).toBeNull();
  expect(unwrapDataKey(Buffer.alloc(32, 2), wrapped, 'person-1')).toBeNull();
  for (const length of [0, 5, 28])
    expect(unwrapDataKey(master, wrapped.subarray(0, length), 'person-1')).toBeNull();
});
