import { foldedName } from './folded-name.js';

describe('a folded name', () => {
  it.each([
    ['José  Ñandú', 'jose nandu'],
    ['O’Brien-Smith', 'obrien smith'],
    ["d'Arc", 'darc'],
    ['İpek', 'ipek'],
    ['Παπαδόπουλος', 'παπαδοπουλοσ'],
    ['Чайковский', 'чаиковскии'],
    ['ＡＢＣ', 'abc'],
    ['Nguyễn', 'nguyen'],
  ])('%s is compared as %s', (name, folded) => expect(foldedName(name)).toBe(folded));

  it.each(['ศิริพร', 'अनिता', 'שָׁלוֹם', 'محمد'])('keeps the marks of %s', (name) =>
    expect(foldedName(name)).toBe(name.normalize('NFC')),
  );

  it('is the same however the letters are composed', () => {
    for (const name of ['Zoë', 'Ångström', 'Hồ', 'が']) {
      expect(foldedName(name.normalize('NFD'))).toBe(foldedName(name.normalize('NFC')));
    }
  });
});
