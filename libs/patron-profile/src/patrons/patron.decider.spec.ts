import { given } from '@readership/kernel/testing';
import { closureOf, heldCards, homeOf, patron, type PatronCommand } from './patron.decider.js';
import type { PatronEvent } from './patron.events.js';

const today = '2024-06-15';
const at = '2024-06-15T10:00:00.000Z';
const contact = { givenName: 'Ada', familyName: 'Byron', email: 'ada@example.org' };
const registered: PatronEvent = {
  type: 'PatronRegistered',
  data: { homeBranch: 'SOUTH', category: 'adult', enrolledOn: '2023-01-02' },
  personal: contact,
};
const added = (token = 'T1', claim = 1): PatronEvent => ({
  type: 'CardAdded',
  data: { token, claim },
  personal: { card: `N-${token}` },
});
const removed: PatronEvent = { type: 'CardRemoved', data: { token: 'T1', at } };
const moved = (homeBranch: string, since: string): PatronEvent => ({
  type: 'PatronMoved',
  data: { homeBranch, since },
});
const closed = (on = '2024-05-01', reason = 'moved' as const): PatronEvent => ({
  type: 'PatronClosed',
  data: { reason, on },
});
const reopened = (on: string): PatronEvent => ({ type: 'PatronReopened', data: { on } });
const abandoned: PatronEvent = { type: 'ClaimAbandoned', data: { token: 'T1', claim: 1 } };

const register = (enrolledOn?: string): PatronCommand => ({
  type: 'RegisterPatron',
  contact,
  homeBranch: 'SOUTH',
  category: 'adult',
  ...(enrolledOn === undefined ? {} : { enrolledOn }),
  cards: [{ token: 'T1', number: 'N-T1', claim: 1 }],
  today,
});
const move = (homeBranch: string, since = '2024-06-01'): PatronCommand => ({
  type: 'MovePatron',
  homeBranch,
  since,
  today,
});
const close = (reason: 'moved' | 'deceased' = 'moved', on = '2024-05-01'): PatronCommand => ({
  type: 'ClosePatron',
  reason,
  on,
  today,
});
const reopen = (on = '2024-06-01'): PatronCommand => ({ type: 'ReopenPatron', on, today });
const cards = (add: readonly string[], remove: readonly string[] = [], claim = 3): PatronCommand => ({
  type: 'ChangeCards',
  add: add.map((token) => ({ token, number: `N-${token}`, claim })),
  remove,
  at,
});

describe('registering a patron', () => {
  it('records who they are and their cards at once', () =>
    given(patron).when(register('2023-01-02')).then(registered, added()));

  it('leaves an enrolment that is not known open', () =>
    given(patron)
      .when(register())
      .then({ ...registered, data: { homeBranch: 'SOUTH', category: 'adult' } } as PatronEvent, added()));

  it('needs one name, whichever', () => {
    for (const names of [{ givenName: 'Ada' }, { familyName: 'Byron' }])
      given(patron)
        .when({ ...register(), contact: names } as PatronCommand)
        .then(
          { ...registered, data: { homeBranch: 'SOUTH', category: 'adult' }, personal: names } as PatronEvent,
          added(),
        );
    given(patron)
      .when({ ...register(), contact: { email: 'ada@example.org' } } as PatronCommand)
      .thenRefused('NAME_REQUIRED');
  });

  it('is refused for an enrolment ahead of today', () =>
    given(patron).when(register('2024-06-16')).thenRefused('FUTURE_DATE'));

  it('is refused after the last day of the home branch, not until then', () => {
    const at = (lastDay: string, enrolledOn?: string) =>
      given(patron).when({ ...register(enrolledOn), lastDay } as PatronCommand);
    at(today).then(
      { ...registered, data: { homeBranch: 'SOUTH', category: 'adult' } } as PatronEvent,
      added(),
    );
    at('2024-06-14').thenRefused('BRANCH_CLOSED');
    at('2023-01-02', '2023-01-02').then(registered, added());
    at('2023-01-01', '2023-01-02').thenRefused('BRANCH_CLOSED');
  });

  it('is refused where somebody is registered', () =>
    given(patron, registered).when(register()).thenRefused('PATRON_EXISTS'));
});

describe('moving a patron', () => {
  it('records the new home since a day', () =>
    given(patron, registered).when(move('NORTH')).then(moved('NORTH', '2024-06-01')));

  it('changes nothing for the same home since the same day', () =>
    given(patron, registered, moved('NORTH', '2024-06-01')).when(move('NORTH')).thenNothing());

  it('is refused to a branch after its last day, but says the same again', () => {
    const late = { ...move('NORTH'), lastDay: '2024-05-31' } as PatronCommand;
    given(patron, registered).when(late).thenRefused('BRANCH_CLOSED');
    given(patron, registered, moved('NORTH', '2024-06-01')).when(late).thenNothing();
    given(patron, registered)
      .when({ ...late, lastDay: '2024-06-01' } as PatronCommand)
      .then(moved('NORTH', '2024-06-01'));
  });

  it('restates the home of a day', () =>
    given(patron, registered, moved('NORTH', '2024-06-01'))
      .when(move('EAST'))
      .then(moved('EAST', '2024-06-01')));

  it('is refused for a day ahead of today', () =>
    given(patron, registered).when(move('NORTH', '2024-06-16')).thenRefused('FUTURE_DATE'));

  it('is refused for a day on which the patron is closed', () => {
    given(patron, registered, closed()).when(move('NORTH')).thenRefused('PATRON_CLOSED');
    given(patron, registered, closed()).when(move('NORTH', '2024-05-01')).thenRefused('PATRON_CLOSED');
    given(patron, registered, closed(), reopened('2024-05-20'))
      .when(move('NORTH', '2024-05-19'))
      .thenRefused('PATRON_CLOSED');
  });

  it('that took effect before a closure is taken after it', () => {
    given(patron, registered, closed()).when(move('NORTH', '2024-04-30')).then(moved('NORTH', '2024-04-30'));
    given(patron, registered, closed(), reopened('2024-05-20'), closed('2024-06-10'))
      .when(move('NORTH', '2024-05-20'))
      .then(moved('NORTH', '2024-05-20'));
  });

  it('is possible again after reopening', () =>
    given(patron, registered, closed(), reopened('2024-05-20'))
      .when(move('NORTH'))
      .then(moved('NORTH', '2024-06-01')));

  it('is refused for nobody', () =>
    given(patron, abandoned).when(move('NORTH')).thenRefused('PATRON_UNKNOWN'));

  it('lets the latest day decide where home is, not the latest record', () => {
    const events = [registered, moved('NORTH', '2024-06-01'), moved('EAST', '2023-06-01')];
    expect(homeOf(events.reduce(patron.evolve, patron.initial).registered!)).toBe('NORTH');
  });

  it('to a day before the enrolment ends the home of the registration', () => {
    const events = [registered, moved('NORTH', '2022-12-01')];
    expect(homeOf(events.reduce(patron.evolve, patron.initial).registered!)).toBe('NORTH');
  });
});

describe('closing a patron', () => {
  it('records reason and day', () => given(patron, registered).when(close()).then(closed()));

  it('changes nothing for the same reason and day', () =>
    given(patron, registered, closed()).when(close()).thenNothing());

  it('restates reason or day', () => {
    given(patron, registered, closed())
      .when(close('deceased'))
      .then({ type: 'PatronClosed', data: { reason: 'deceased', on: '2024-05-01' } });
    given(patron, registered, closed()).when(close('moved', '2024-04-01')).then(closed('2024-04-01'));
  });

  it('is refused for a day ahead of today', () =>
    given(patron, registered).when(close('moved', '2024-06-16')).thenRefused('FUTURE_DATE'));

  it('is refused for nobody', () => given(patron).when(close()).thenRefused('PATRON_UNKNOWN'));

  it('that lies before a reopening leaves the patron open', () => {
    const events = [registered, closed(), reopened('2024-06-01'), closed('2024-04-01')];
    expect(closureOf(events.reduce(patron.evolve, patron.initial).registered!)).toBeNull();
  });
});

describe('reopening a patron', () => {
  it('records the day', () =>
    given(patron, registered, closed()).when(reopen()).then(reopened('2024-06-01')));

  it('changes nothing for the same day', () =>
    given(patron, registered, closed(), reopened('2024-06-01')).when(reopen()).thenNothing());

  it('is possible on the day of the closure', () =>
    given(patron, registered, closed()).when(reopen('2024-05-01')).then(reopened('2024-05-01')));

  it('is refused while the patron is open', () =>
    given(patron, registered).when(reopen()).thenRefused('PATRON_OPEN'));

  it('is refused for a day before the closure', () =>
    given(patron, registered, closed()).when(reopen('2024-04-30')).thenRefused('PATRON_OPEN'));

  it('is refused for a day ahead of today', () =>
    given(patron, registered, closed()).when(reopen('2024-06-16')).thenRefused('FUTURE_DATE'));

  it('is refused for nobody', () => given(patron).when(reopen()).thenRefused('PATRON_UNKNOWN'));
});

describe('changing contact data', () => {
  it('records only what differs', () =>
    given(patron, registered)
      .when({ type: 'ChangeContact', change: { givenName: 'Ada', email: null, phone: '+43 1 234' } })
      .then({ type: 'PatronContactChanged', data: {}, personal: { email: null, phone: '+43 1 234' } }));

  it('changes nothing when all is so already', () =>
    given(patron, registered)
      .when({ type: 'ChangeContact', change: { familyName: 'Byron', phone: null } })
      .thenNothing());

  it('takes away one of two names, but not the last', () => {
    given(patron, registered)
      .when({ type: 'ChangeContact', change: { givenName: null } })
      .then({ type: 'PatronContactChanged', data: {}, personal: { givenName: null } });
    given(patron, registered)
      .when({ type: 'ChangeContact', change: { givenName: null, familyName: null } })
      .thenRefused('NAME_REQUIRED');
  });

  it('is possible for somebody whose names were forgotten', () =>
    given(patron, { ...registered, personal: null } as unknown as PatronEvent)
      .when({ type: 'ChangeContact', change: { phone: '123' } })
      .then({ type: 'PatronContactChanged', data: {}, personal: { phone: '123' } }));

  it('is possible for a closed patron, who may still have to be reached', () =>
    given(patron, registered, closed())
      .when({ type: 'ChangeContact', change: { phone: '123' } })
      .then({ type: 'PatronContactChanged', data: {}, personal: { phone: '123' } }));

  it('is refused for nobody', () =>
    given(patron).when({ type: 'ChangeContact', change: {} }).thenRefused('PATRON_UNKNOWN'));
});

describe('changing cards', () => {
  it('gives up the old and takes the new at once', () =>
    given(patron, registered, added())
      .when(cards(['T2'], ['T1']))
      .then(removed, added('T2', 3)));

  it('changes nothing when it is so already', () =>
    given(patron, registered, added('T2', 3), added(), removed)
      .when(cards(['T2'], ['T1']))
      .thenNothing());

  it('is refused for a card that was never theirs', () =>
    given(patron, registered)
      .when(cards([], ['T1']))
      .thenRefused('CARD_NOT_HELD'));

  it('is refused for a claim that somebody abandoned', () =>
    given(patron, registered, abandoned)
      .when(cards(['T1'], [], 1))
      .thenRefused('CLAIM_LOST'));

  it('accepts a later claim of the same card', () =>
    given(patron, registered, abandoned)
      .when(cards(['T1']))
      .then(added('T1', 3)));

  it('gives no card to a closed patron, but takes one', () => {
    given(patron, registered, added(), closed())
      .when(cards(['T2']))
      .thenRefused('PATRON_CLOSED');
    given(patron, registered, added(), closed())
      .when(cards([], ['T1']))
      .then(removed);
  });

  it('is refused beyond twenty cards', () => {
    const many = Array.from({ length: 20 }, (_, n) => added(`C${n}`, 1));
    given(patron, registered, ...many)
      .when(cards(['T2']))
      .thenRefused('TOO_MANY_CARDS');
    given(patron, registered, ...many)
      .when(cards(['T2'], ['C0']))
      .then({ type: 'CardRemoved', data: { token: 'C0', at } }, added('T2', 3));
  });

  it('is refused for nobody', () =>
    given(patron)
      .when(cards(['T1']))
      .thenRefused('PATRON_UNKNOWN'));
});

describe('abandoning a claim', () => {
  const abandon: PatronCommand = { type: 'AbandonClaim', token: 'T1', claim: 1 };
  it('may be the first thing that happens to a stream', () => given(patron).when(abandon).then(abandoned));
  it('happens once', () => given(patron, abandoned).when(abandon).thenNothing());
  it('comes too late for a card that was added', () =>
    given(patron, registered, added()).when(abandon).thenNothing());
  it('comes too late also when the card was removed since', () =>
    given(patron, registered, added(), removed).when(abandon).thenNothing());
});

describe('a patron whose personal data were destroyed', () => {
  it('is still told from nobody, without a name', () => {
    const forgotten = [
      registered,
      added(),
      { type: 'PatronContactChanged', data: {}, personal: null } as const,
    ].map((event) => ('personal' in event ? { ...event, personal: null } : event) as PatronEvent);
    const state = forgotten.reduce(patron.evolve, patron.initial);
    expect(state.registered).toMatchObject({
      contact: { givenName: null, familyName: null, email: null, phone: null },
      homes: { '': 'SOUTH' },
    });
    expect(heldCards(state)).toEqual([{ claim: 1, number: null, removedAt: null }]);
  });
});
