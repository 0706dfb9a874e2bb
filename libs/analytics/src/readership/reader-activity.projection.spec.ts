import { defaultPolicy, interactionKinds, type InteractionFact } from '@readership/contracts';
import { projected } from '@readership/kernel/testing';
import { epochDayOf } from '../calendar/days-and-months.js';
import { readerActivity, type ReaderFact } from './reader-activity.projection.js';

const anna = '11111111-1111-4111-8111-111111111111';
const card = 'a-card-that-nobody-knows';
const activity = readerActivity(defaultPolicy, 'Europe/Berlin');

const patron = (type: ReaderFact['type'], data: object) =>
  ({ type, key: anna, stream: `patron-${anna}`, data: { personId: anna, ...data } }) as ReaderFact;
const interaction = (type: ReaderFact['type'], key: string, data: object) =>
  ({ type, key, stream: 'interaction-1', data: { interaction: '1', ...data } }) as ReaderFact;

const loan: InteractionFact = {
  time: '2024-03-31T22:30:00.000Z',
  kind: 'loan',
  branch: 'NORTH',
  quantity: 3,
  startedBy: 'patron',
  digital: false,
};
const april1 = epochDayOf('2024-04-01');
const registered = patron('PatronRegistered', { homeBranch: 'NORTH', enrolledOn: '2024-01-10' });
const recorded = interaction('InteractionRecorded', anna, { reference: anna, now: loan });
const row = {
  registered: true,
  enrolled: epochDayOf('2024-01-10'),
  homes: [[null, 'NORTH']] as const,
  membership: [],
  days: [],
  counts: [],
};
const provisional = { ...row, registered: false, enrolled: null, homes: [] };

describe('reader activity', () => {
  it('begins with a registration', () => {
    projected(activity, registered).thenRow(anna, row);
  });

  it.each<[string, { enrolledOn?: string }, number | null]>([
    ['an unknown day', {}, null],
    ['a day after a move', { enrolledOn: '2024-01-10' }, epochDayOf('2024-01-10')],
  ])('keeps the home of a registration on %s before all others', (_, told, enrolled) => {
    projected(
      activity,
      patron('PatronRegistered', { homeBranch: 'NORTH', ...told }),
      patron('PatronMoved', { homeBranch: 'SOUTH', since: '1999-01-01' }),
    ).thenRow(anna, {
      ...row,
      enrolled,
      homes: [
        [null, 'NORTH'],
        [epochDayOf('1999-01-01'), 'SOUTH'],
      ],
    });
  });

  it('counts an interaction once on its local day, whatever its quantity', () => {
    projected(activity, registered, recorded).thenRow(anna, { ...row, days: [april1], counts: [1] });
  });

  it('is the same when the interaction comes before the registration', () => {
    projected(activity, recorded, registered).thenRow(anna, { ...row, days: [april1], counts: [1] });
  });

  it('keeps homes and closures in the order of their days', () => {
    projected(
      activity,
      registered,
      patron('PatronMoved', { homeBranch: 'SOUTH', since: '2024-06-01' }),
      patron('PatronMoved', { homeBranch: 'EAST', since: '2024-03-01' }),
      patron('PatronClosed', { reason: 'moved', on: '2024-09-01' }),
      patron('PatronReopened', { on: '2024-08-01' }),
    ).thenRow(anna, {
      ...row,
      homes: [...row.homes, [epochDayOf('2024-03-01'), 'EAST'], [epochDayOf('2024-06-01'), 'SOUTH']],
      membership: [
        [epochDayOf('2024-08-01'), 'open'],
        [epochDayOf('2024-09-01'), 'moved'],
      ],
    });
  });

  it('keeps of two with the same day the one recorded last', () => {
    projected(
      activity,
      registered,
      patron('PatronMoved', { homeBranch: 'EAST', since: '2024-01-10' }),
      patron('PatronMoved', { homeBranch: 'SOUTH', since: '2024-01-10' }),
      patron('PatronClosed', { reason: 'moved', on: '2024-02-01' }),
      patron('PatronReopened', { on: '2024-02-01' }),
    ).thenRow(anna, {
      ...row,
      homes: [...row.homes, [epochDayOf('2024-01-10'), 'SOUTH']],
      membership: [[epochDayOf('2024-02-01'), 'open']],
    });
  });

  it('moves a corrected interaction to its new day', () => {
    const now = { ...loan, time: '2024-02-02T10:00:00.000Z' };
    const corrected = interaction('InteractionCorrected', anna, { was: loan, now });
    projected(activity, registered, recorded, corrected).thenRow(anna, {
      ...row,
      days: [epochDayOf('2024-02-02')],
      counts: [1],
    });
  });

  it('forgets what was withdrawn', () => {
    const withdrawn = interaction('InteractionWithdrawn', anna, { was: loan });
    projected(activity, registered, recorded, withdrawn).thenRow(anna, row);
  });

  it('counts again what was restored, also when it is known before its withdrawal', () => {
    const withdrawn = interaction('InteractionWithdrawn', anna, { was: loan });
    const restored = interaction('InteractionRestored', anna, { now: loan });
    const once = { ...row, days: [epochDayOf('2024-04-01')], counts: [1] };
    projected(activity, registered, recorded).thenRow(anna, once);
    projected(activity, registered, recorded, withdrawn, restored).thenRow(anna, once);
    projected(activity, registered, recorded, restored, withdrawn).thenRow(anna, once);
  });

  it('holds less than nothing while a withdrawal is known before what it withdraws', () => {
    const away = interaction('ReattributedAway', card, { was: loan });
    const onCard = interaction('InteractionRecorded', card, { reference: card, now: loan });
    projected(activity, away).thenRow(card, { ...provisional, days: [april1], counts: [-1] });
    projected(activity, away, onCard).thenRow(card, null);
  });

  it('gives an unknown card a provisional row, which ends when the interaction is adopted', () => {
    const onCard = interaction('InteractionRecorded', card, { reference: card, now: loan });
    projected(activity, onCard).thenRow(card, { ...provisional, days: [april1], counts: [1] });
    const away = interaction('ReattributedAway', card, { was: loan });
    const adopted = interaction('Adopted', anna, { reference: card, now: loan });
    const after = projected(activity, onCard, registered, away, adopted);
    after.thenRow(card, null);
    after.thenRow(anna, { ...row, days: [april1], counts: [1] });
  });

  it('counts nothing of a withdrawn interaction that changes hands', () => {
    const away = interaction('ReattributedAway', card, { was: null });
    const adopted = interaction('Adopted', anna, { reference: card, now: null });
    const after = projected(activity, registered, away, adopted);
    after.thenRow(card, null);
    after.thenRow(anna, row);
  });

  it.each([
    ['a kind that does not qualify', { kind: 'return' }],
    ...interactionKinds.map(
      (kind) => [`a ${kind} that the library started`, { kind, startedBy: 'library' }] as const,
    ),
  ] as const)('does not count %s', (_, change) => {
    const now = { ...loan, ...change };
    projected(
      activity,
      registered,
      interaction('InteractionRecorded', anna, { reference: anna, now }),
    ).thenRow(anna, row);
  });

  it('counts in builds that began with version 1 as that version did', () => {
    const first = readerActivity(defaultPolicy, 'Europe/Berlin', 1);
    const now = { ...loan, startedBy: 'library' } as const;
    const renewed = interaction('InteractionRecorded', anna, { reference: anna, now });
    const moved = patron('PatronMoved', { homeBranch: 'SOUTH', since: '1999-01-01' });
    projected(first, registered, moved, renewed).thenRow(anna, {
      ...row,
      homes: [
        [epochDayOf('1999-01-01'), 'SOUTH'],
        [epochDayOf('2024-01-10'), 'NORTH'],
      ],
      days: [april1],
      counts: [1],
    });
    expect(first.version).not.toBe(activity.version);
  });

  it('counts digital use where the policy does', () => {
    const now = { ...loan, digital: true };
    const digital = interaction('InteractionRecorded', anna, { reference: anna, now });
    const withoutDigital = readerActivity({ ...defaultPolicy, digital: false }, 'Europe/Berlin');
    projected(activity, registered, digital).thenRow(anna, { ...row, days: [april1], counts: [1] });
    projected(withoutDigital, registered, digital).thenRow(anna, row);
  });

  it('keeps no row for anonymous use', () => {
    const anonymous = interaction('InteractionRecorded', 'interaction-1', { reference: null, now: loan });
    expect(activity.key(anonymous)).toBeNull();
  });

  it('has a version of its own for every policy and time zone', () => {
    const versions = [
      activity,
      readerActivity(defaultPolicy, 'UTC'),
      readerActivity({ ...defaultPolicy, windowMonths: 24 }, 'Europe/Berlin'),
      readerActivity({ ...defaultPolicy, digital: false }, 'Europe/Berlin'),
      readerActivity({ ...defaultPolicy, qualifying: ['loan'] }, 'Europe/Berlin'),
    ].map(({ version }) => version);
    expect(new Set(versions).size).toBe(5);
    const reordered = { ...defaultPolicy, qualifying: [...defaultPolicy.qualifying].reverse() };
    expect(readerActivity(reordered, 'Europe/Berlin').version).toBe(activity.version);
  });
});
