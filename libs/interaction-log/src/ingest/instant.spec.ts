import { instantOf } from './instant.js';

const nowMs = Date.parse('2024-06-01T12:00:00.000Z');
const read = (text: string): string => {
  const when = instantOf(text, nowMs);
  return typeof when === 'string' ? when : when.instant;
};

describe('the time of an interaction', () => {
  it.each([
    ['2024-03-31T09:15:00Z', '2024-03-31T09:15:00.000Z'],
    ['2024-03-31t09:15:00.5z', '2024-03-31T09:15:00.500Z'],
    ['2024-03-31T00:30:00+02:00', '2024-03-30T22:30:00.000Z'],
    ['2024-03-31T09:15:00.123456-05:30', '2024-03-31T14:45:00.123Z'],
    ['1900-01-01T00:00:00Z', '1900-01-01T00:00:00.000Z'],
    ['2024-02-29T23:59:59Z', '2024-02-29T23:59:59.000Z'],
    ['2024-06-02T12:00:00Z', '2024-06-02T12:00:00.000Z'],
  ])('%s is kept as %s', (text, instant) => expect(read(text)).toBe(instant));

  it.each([
    ['2024-03-31', 'BAD_TIME'],
    ['2024-03-31T09:15:00', 'BAD_TIME'],
    ['2023-02-29T00:00:00Z', 'BAD_TIME'],
    ['2024-13-01T00:00:00Z', 'BAD_TIME'],
    ['2024-00-10T00:00:00Z', 'BAD_TIME'],
    ['2024-01-01T24:00:00Z', 'BAD_TIME'],
    ['2024-01-01T00:00:00+24:00', 'BAD_TIME'],
    ['0001-01-01T00:00:00Z', 'TIME_TOO_EARLY'],
    ['1899-12-31T23:59:59Z', 'TIME_TOO_EARLY'],
    ['9999-12-31T23:59:59Z', 'TIME_OUT_OF_RANGE'],
    ['2024-06-02T12:00:00.001Z', 'TIME_IN_FUTURE'],
  ])('%s is refused with %s', (text, code) => expect(read(text)).toBe(code));
});
