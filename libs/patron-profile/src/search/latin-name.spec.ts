import { latinName } from './latin-name.js';

describe('a name in Latin letters', () => {
  it.each([
    ['Иванов', 'ivanov'],
    ['Straße', 'strasse'],
    ['Øster', 'oster'],
    ['王小明', 'wangxiaoming'],
  ])('of %s is %s', (name, latin) => expect(latinName(name)).toBe(latin));
});
