import type { Stored } from '@readership/kernel';
import { projected } from '@readership/kernel/testing';
import type { PatronContactChanged, PatronRegistered } from '../patrons/patron.events.js';
import { digits, foldedEmail, patronSearch } from './patron-search.projection.js';

type Searched = Stored<PatronRegistered | PatronContactChanged>;
const registered = (personal: PatronRegistered['personal']) =>
  ({ type: 'PatronRegistered', data: { homeBranch: 'N' }, personal, key: 'p1' }) as unknown as Searched;
const changed = (personal: PatronContactChanged['personal']) =>
  ({ type: 'PatronContactChanged', data: {}, personal, key: 'p1' }) as unknown as Searched;
const ada = { givenName: 'Ada', familyName: 'Lovelace', email: 'Ada@Example.org' };

describe('patron search', () => {
  it('keeps by what a patron is found', () =>
    projected(patronSearch, registered(ada)).thenRow('p1', { ...ada, phone: null }));

  it('keeps nothing that was added to the personal part', () => {
    const more = { dateOfBirth: '1815-12-10' };
    const row = { ...ada, phone: null };
    projected(patronSearch, registered({ ...ada, ...more })).thenRow('p1', row);
    projected(patronSearch, registered(ada), changed({ ...more } as object)).thenRow('p1', row);
  });

  it('follows changes, also when the last is taken again', () => {
    const change = changed({ familyName: 'Byron', email: null, phone: '+43 (1) 23-4' });
    projected(patronSearch, registered(ada), change, change).thenRow('p1', {
      givenName: 'Ada',
      familyName: 'Byron',
      email: null,
      phone: '+43 (1) 23-4',
    });
  });

  it('finds a patron by both orders of the name, by e-mail without case and by the digits of the telephone', () => {
    const { indexes } = patronSearch;
    const row = { ...ada, phone: '+43 (1) 23-4' };
    expect(indexes!.name!(row)).toEqual(['lovelace ada', 'ada lovelace']);
    expect(indexes!.email!(row)).toEqual([foldedEmail('ADA@example.org')]);
    expect(indexes!.phone!(row)).toEqual([digits('43 1 234')]);
  });

  it('finds by nothing whose data were destroyed', () => {
    const { rows } = projected(patronSearch, registered(null), changed(null));
    const row = rows.get('p1')!;
    expect(Object.values(patronSearch.indexes!).flatMap((values) => values(row))).toEqual([]);
  });
});
