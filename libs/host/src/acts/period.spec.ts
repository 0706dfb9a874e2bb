import { periodOf } from './period.js';

const now = new Date('2024-07-15T12:00:00.000Z');

it.each([
  [undefined, undefined, '2024-07-14T12:00:00.000Z', '2024-07-15T12:00:00.000Z'],
  ['2024-07-01', undefined, '2024-07-01T00:00:00.000Z', '2024-07-15T12:00:00.000Z'],
  ['2024-07-01', '2024-07-01', '2024-07-01T00:00:00.000Z', '2024-07-01T23:59:59.999Z'],
  ['2024-07-01T10:00:00+02:00', '2024-07-01T08:30Z', '2024-07-01T08:00:00.000Z', '2024-07-01T08:30:00.000Z'],
  ['2024-07-01', '9999-12-31', '2024-07-01T00:00:00.000Z', '9999-01-01T00:00:00.000Z'],
  ['2024-07-01', '9999-12-31T23:59:59-23:59', '2024-07-01T00:00:00.000Z', '9999-01-01T00:00:00.000Z'],
])('from %s to %s is from %s to %s', (from, to, begin, end) =>
  expect(periodOf(from, to, now)).toEqual({ from: begin, to: end }),
);

it.each([
  ['yesterday', undefined],
  ['2024-02-30', undefined],
  ['2024-02-30T10:00:00Z', undefined],
  ['2024-07-16', undefined],
  ['2024-07-02', '2024-07-01'],
  ['2024-07-01T10:00:00', undefined],
  ['', undefined],
])('from %j to %j is refused', (from, to) => {
  expect(() => periodOf(from, to, now)).toThrow('Give from and to');
});
