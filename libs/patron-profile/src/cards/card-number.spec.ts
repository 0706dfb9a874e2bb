import { cardNumbers } from './card-number.js';

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
});
