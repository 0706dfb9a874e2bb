import { cardNumbers, keyed } from './card-number.js';

describe('card numbers that were sent', () => {
  it('are normalised, each once, by their first place', () =>
    expect([...cardNumbers(['ab 12-34', '0012', 'AB1234', '０012'], '/cards')]).toEqual([
      ['AB1234', '/cards/0'],
      ['0012', '/cards/1'],
    ]));

  it('are refused with the place of the one that is none', () =>
    expect(() => cardNumbers(['1', ' - '], '/add')).toThrow(
      expect.objectContaining({ code: 'BAD_CARD', pointer: '/add/1' }) as Error,
    ));

  it('give one token of 43 characters under one key', () => {
    const token = keyed(Buffer.alloc(32, 1), 'AB1234');
    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(keyed(Buffer.alloc(32, 1), 'AB1234')).toBe(token);
    expect(keyed(Buffer.alloc(32, 2), 'AB1234')).not.toBe(token);
  });
});
