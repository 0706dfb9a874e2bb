import { checkFact, closureReasons, defaultPolicy, publishedFacts } from '@readership/contracts';
import { withPrivateFields } from '@readership/kernel/testing';
import fc from 'fast-check';
import { publish, type PatronProfileEvent } from './publish.js';

const id = fc.uuid();
const token = fc.stringMatching(/^[A-Za-z0-9_-]{43}$/);
const code = fc.stringMatching(/^[A-Za-z0-9-]{1,32}$/);
const day = fc.constantFrom('1950-02-28', '2024-02-29', '2024-12-31');
const instant = fc.constantFrom('2024-02-29T00:00:00.000Z', '2024-12-31T23:59:59.999Z');
const zone = fc.constantFrom('UTC', 'Europe/Vienna');
const text = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' });
/** A text that may occur only where personal data was passed on. */
const secret = text.map((name) => `§secret§${name}`);
const claim = fc.integer({ min: 1, max: 9 });

const event = <T extends PatronProfileEvent['type']>(
  type: T,
  stream: fc.Arbitrary<string>,
  data: fc.Arbitrary<object>,
  personal?: fc.Arbitrary<object | null>,
) =>
  fc
    .record({ stream, data, personal: personal ?? fc.constant(undefined) })
    .map(({ stream, data, personal }) => ({
      stream,
      event: { type, data, ...(personal === undefined ? {} : { personal }) } as unknown as PatronProfileEvent,
    }));

const patron = id.map((one) => `patron-${one}`);
const card = token.map((one) => `card-${one}`);
const optional = <T extends object>(of: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(of, { requiredKeys: [] });
const contact = optional({ givenName: secret, familyName: secret, email: secret, phone: secret });
const branch = { id: code, name: text, library: code, timeZone: zone };

const events = fc.oneof(
  event(
    'ConsortiumConfigured',
    fc.constant('consortium-main'),
    fc.record({
      name: text,
      timeZone: zone,
      currency: fc.constant('EUR'),
      fiscalYearStartMonth: fc.integer({ min: 1, max: 12 }),
      activityPolicy: fc.constant(defaultPolicy),
    }),
  ),
  event('LibraryAdded', fc.constant('library-L'), fc.record({ id: code, name: text })),
  event('LibraryRenamed', fc.constant('library-L'), fc.record({ id: code, name: text })),
  event('BranchAdded', fc.constant('branch-B'), fc.record(branch)),
  event('BranchRenamed', fc.constant('branch-B'), fc.record({ id: code, name: text })),
  event('BranchTransferred', fc.constant('branch-B'), fc.record({ id: code, library: code })),
  event('BranchTimeZoneSet', fc.constant('branch-B'), fc.record({ id: code, timeZone: zone })),
  event(
    'BranchPopulationStated',
    fc.constant('branch-B'),
    fc.record({ id: code, population: claim, populationSince: day }),
  ),
  event('BranchClosed', fc.constant('branch-B'), fc.record({ id: code, closedOn: day })),
  event('BranchReopened', fc.constant('branch-B'), fc.record({ id: code })),
  event(
    'PatronRegistered',
    patron,
    fc
      .tuple(fc.record({ homeBranch: code }), optional({ category: code, language: code, enrolledOn: day }))
      .map(([required, rest]) => ({ ...required, ...rest })),
    fc.option(contact),
  ),
  event('PatronMoved', patron, fc.record({ homeBranch: code, since: day })),
  event('PatronClosed', patron, fc.record({ reason: fc.constantFrom(...closureReasons), on: day })),
  event('PatronReopened', patron, fc.record({ on: day })),
  event('PatronContactChanged', patron, fc.constant({}), fc.option(contact)),
  event('CardAdded', patron, fc.record({ token, claim }), fc.option(fc.record({ card: secret }))),
  event('CardRemoved', patron, fc.record({ token, at: instant })),
  event('ClaimAbandoned', patron, fc.record({ token, claim })),
  event('CardClaimed', card, fc.record({ personId: id, request: secret, at: instant })),
  event('CardLinked', card, fc.record({ token, personId: id, from: instant })),
  event('CardUnlinked', card, fc.record({ token, until: instant })),
  event(
    'PatronRecordRead',
    fc.constant('access-1'),
    fc.record({ personIds: fc.array(id), by: secret, how: fc.constant('name') }),
  ),
  event('ApiKeyIssued', fc.constant('api-key-a'), fc.record({ id: secret, grants: fc.array(secret) })),
  event('ApiKeyRotated', fc.constant('api-key-a'), fc.record({ id: secret, overlapUntil: secret })),
  event('ApiKeyRevoked', fc.constant('api-key-a'), fc.record({ id: secret })),
);

describe('what the patron profile publishes', () => {
  it('never holds anything personal', () =>
    fc.assert(
      fc.property(events, ({ event, stream }) => {
        expect(JSON.stringify(publish(event, stream))).not.toContain('§secret§');
      }),
      { numRuns: 2_000 },
    ));

  it('is a fact of the contracts, as they say it', () =>
    fc.assert(
      fc.property(events, ({ event, stream }) => {
        const { fact } = publish(event, stream);
        if (fact === null) return;
        expect(() => checkFact('patron-profile', fact)).not.toThrow();
      }),
      { numRuns: 2_000 },
    ));

  it('leaves out what was added to an event, in every fact it has', () => {
    const told = new Set<string>();
    fc.assert(
      fc.property(events, ({ event, stream }) => {
        const publication = publish(event, stream);
        expect(publish(withPrivateFields(event, '1815-12-10'), stream)).toEqual(publication);
        if (publication.fact) told.add(publication.fact.type);
      }),
      { numRuns: 2_000 },
    );
    const facts = Object.entries(publishedFacts).flatMap(([type, { context }]) =>
      // Merging is not built yet.
      context === 'patron-profile' && type !== 'PersonRedirected' ? [type] : [],
    );
    expect([...told].sort()).toEqual(facts.sort());
  });

  it('is keyed by the person, the card or the stream, and sealed for the person', () =>
    fc.assert(
      fc.property(events, ({ event, stream }) => {
        const publication = publish(event, stream);
        const [, category, rest] = /^(patron|card)-(.*)$/.exec(stream) ?? [];
        expect(publication.key).toBe(rest ?? stream);
        expect(publication.subject).toBe(category === 'patron' ? rest : undefined);
      }),
    ));
});
