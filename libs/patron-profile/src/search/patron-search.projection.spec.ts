import type { Stored } from '@readership/kernel';
import { projected } from '@readership/kernel/testing';
import type { PatronContactChanged, PatronMoved, PatronRegistered } from '../patrons/patron.events.js';
import { at, digits, foldedEmail, patronSearch } from './patron-search.projection.js';

type Searched = Stored<PatronRegistered | PatronMoved | PatronContactChanged>;
const registered = (personal: PatronRegistered['personal']) =>
  ({ type: 'PatronRegistered', data: { homeBranch: 'N' }, personal, key: 'p1' }) as unknown as Searched;
const changed = (personal: PatronContactChanged['personal']) =>
  ({ type: 'PatronContactChanged', data: {}, personal, key: 'p1' }) as unknown as Searched;
const moved = (homeBranch: string, since: string) =>
  ({ type: 'PatronMoved', data: { homeBranch, since }, key: 'p1' }) as unknown as Searched;
const home = { home: 'N', homeSince: '' };
const ada = { givenName: 'Ada', familyName: 'Lovelace', email: 'Ada@Example.org' };

describe('patron search', () => {
  it('keeps by what a patron is found', () =>
    projected(patronSearch, registered(ada)).thenRow('p1', { ...ada, phone: null, ...home }));

  it('keeps nothing that was added to the personal part', () => {
    const more = { dateOfBirth: '1815-12-10' };
    const row = { ...ada, phone: null, ...home };
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
      ...home,
    });
  });

  it('follows the home, whatever order its days come in', () => {
    const row = { ...ada, phone: null };
    projected(patronSearch, registered(ada), moved('E', '2024-03-01'), moved('W', '2024-02-01')).thenRow(
      'p1',
      {
        ...{ ...row, home: 'E', homeSince: '2024-03-01' },
      },
    );
    projected(patronSearch, registered(ada), moved('E', '2024-03-01'), moved('W', '2024-03-01')).thenRow(
      'p1',
      {
        ...{ ...row, home: 'W', homeSince: '2024-03-01' },
      },
    );
  });

  it('finds a patron by both orders of the name, by e-mail without case and by the digits of the telephone', () => {
    const { indexes } = patronSearch;
    const row = { ...ada, phone: '+43 (1) 23-4', ...home };
    expect(indexes!.name!(row)).toEqual(['lovelace ada', 'ada lovelace']);
    expect(indexes!.email!(row)).toEqual([foldedEmail('ADA@example.org')]);
    expect(indexes!.phone!(row)).toEqual([digits('43 1 234')]);
    expect(indexes!['name-at']!(row)).toEqual(['N/lovelace ada', 'N/ada lovelace']);
    expect(indexes!['email-at']!(row)).toEqual([at('N', foldedEmail('ADA@example.org'))]);
    expect(indexes!['phone-at']!(row)).toEqual(['N/431234']);
  });

  it('finds by nothing whose data were destroyed', () => {
    const { rows } = projected(patronSearch, registered(null), changed(null));
    const row = rows.get('p1')!;
    expect(Object.values(patronSearch.indexes!).flatMap((values) => values(row))).toEqual([]);
  });
});
