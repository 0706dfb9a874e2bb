import { placeOfDay, placeOfInstant } from './newest-first.js';

it('places of days are in their order, the latest first', () => {
  const days = ['2034-12-31', '2024-03-31', '2024-03-01', '2023-12-31', '1900-01-01'];
  expect(days.map(placeOfDay).sort()).toEqual(days.map(placeOfDay));
  expect(new Set(days.map((day) => placeOfDay(day).length))).toEqual(new Set([8]));
});

it('places of instants are in their order, the latest first, whatever the century', () => {
  const instants = [
    '9999-12-31T23:59:59.999Z',
    '2024-03-31T00:00:00.001Z',
    '2024-03-31T00:00:00.000Z',
    '2024-03-30T23:59:59.999Z',
    '1970-01-01T00:00:00.000Z',
    '1900-01-01T00:00:00.000Z',
  ];
  expect(instants.map(placeOfInstant).sort()).toEqual(instants.map(placeOfInstant));
  expect(new Set(instants.map((instant) => placeOfInstant(instant).length))).toEqual(new Set([15]));
});
