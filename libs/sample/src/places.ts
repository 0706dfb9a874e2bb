export interface Branch {
  readonly id: string;
  readonly name: string;
  readonly library: string;
  readonly timeZone: string;
  readonly population: number;
}

export const consortium = {
  name: 'Riverbend Library Consortium',
  timeZone: 'America/New_York',
  currency: 'USD',
  fiscalYearStartMonth: 7,
};

export const libraries = [
  { id: 'HARBOR', name: 'Harbor City Public Library' },
  { id: 'LAKES', name: 'Three Lakes County Library' },
  { id: 'PRAIRIE', name: 'Prairie Regional Library' },
];

const east = 'America/New_York';
const central = 'America/Chicago';

const rows: readonly (readonly [string, string, string, string, number])[] = [
  ['HAR-CENTRAL', 'Central Library', 'HARBOR', east, 61_000],
  ['HAR-DOCKS', 'Old Docks', 'HARBOR', east, 18_500],
  ['HAR-EAST', 'East Market', 'HARBOR', east, 24_000],
  ['HAR-HILL', 'Signal Hill', 'HARBOR', east, 15_200],
  ['HAR-NORTH', 'North Gate', 'HARBOR', east, 22_300],
  ['HAR-PARK', 'Queen’s Park', 'HARBOR', east, 12_900],
  ['HAR-RIVER', 'Riverside', 'HARBOR', east, 17_800],
  ['HAR-SOUTH', 'South Quay', 'HARBOR', east, 19_400],
  ['HAR-UNIV', 'University Avenue', 'HARBOR', east, 14_100],
  ['HAR-WEST', 'Westfield', 'HARBOR', east, 21_000],
  ['LAK-ASHLAND', 'Ashland', 'LAKES', east, 8_700],
  ['LAK-BIRCH', 'Birch Lake', 'LAKES', east, 5_400],
  ['LAK-CEDAR', 'Cedar Falls', 'LAKES', east, 9_900],
  ['LAK-DEPOT', 'The Depot', 'LAKES', east, 7_300],
  ['LAK-ELM', 'Elm Street', 'LAKES', east, 6_100],
  ['LAK-MAIN', 'Lakes Main Library', 'LAKES', east, 26_500],
  ['LAK-MOBILE', 'Bookmobile', 'LAKES', east, 3_200],
  ['PRA-BISON', 'Bison Creek', 'PRAIRIE', central, 4_600],
  ['PRA-COTTON', 'Cottonwood', 'PRAIRIE', central, 6_800],
  ['PRA-FORT', 'Fort Lewis', 'PRAIRIE', central, 11_200],
  ['PRA-GRAND', 'Grand Avenue', 'PRAIRIE', central, 9_500],
  ['PRA-HQ', 'Prairie Headquarters', 'PRAIRIE', central, 23_700],
  ['PRA-MILL', 'Mill Town', 'PRAIRIE', central, 5_900],
  ['PRA-SPRING', 'Spring Valley', 'PRAIRIE', central, 7_700],
];

export const branches: readonly Branch[] = rows.map(([id, name, library, timeZone, population]) => ({
  id,
  name,
  library,
  timeZone,
  population,
}));
