import { checkFact, publishedFacts, type InteractionFact } from '@readership/contracts';
import { withPrivateFields } from '@readership/kernel/testing';
import type { InteractionEvent } from './interaction.events.js';
import { publish, type InteractionLogEvent } from './publish.js';

const token = 'T'.repeat(43);
const ada = '0193a1b2-0000-7000-8000-00000000000a';
const stream = `interaction-${'x'.repeat(43)}`;
const now: InteractionFact = {
  time: '2024-03-31T09:15:00.000Z',
  kind: 'contact',
  branch: 'NORTH',
  quantity: 1,
  startedBy: 'library',
  channel: 'phone',
  readScale: 3,
  digital: false,
};
const corrected: InteractionEvent = {
  type: 'InteractionCorrected',
  data: { reference: token, holder: ada, was: now, now: { ...now, quantity: 2 } },
  personal: { reason: 'free text', details: 'free text' },
};

const cases: readonly [name: string, event: InteractionEvent, key: string, subject: string | undefined][] = [
  [
    'recorded by card',
    {
      type: 'InteractionRecorded',
      data: { reference: token, holder: ada, now, digest: 'd' },
      personal: { details: 'free text' },
    },
    ada,
    undefined,
  ],
  [
    'recorded by patron id',
    {
      type: 'InteractionRecorded',
      data: { reference: ada, holder: ada, now, digest: 'd' },
      personal: { details: 'free text' },
    },
    ada,
    ada,
  ],
  [
    'recorded without a person',
    { type: 'InteractionRecorded', data: { reference: null, holder: stream, now, digest: 'd' } },
    stream,
    undefined,
  ],
  [
    'told to the reference',
    { type: 'Referenced', data: { reference: token, time: now.time, holder: ada } },
    token,
    undefined,
  ],
  ['corrected', corrected, ada, undefined],
  [
    'withdrawn',
    {
      type: 'InteractionWithdrawn',
      data: { reference: token, holder: ada, was: now },
      personal: { reason: 'free text' },
    },
    ada,
    undefined,
  ],
  [
    'restored',
    {
      type: 'InteractionRestored',
      data: { reference: token, holder: ada, now },
      personal: { reason: 'free text' },
    },
    ada,
    undefined,
  ],
  ['taken away', { type: 'ReattributedAway', data: { holder: token, was: now } }, token, undefined],
  [
    'taken away once withdrawn',
    { type: 'ReattributedAway', data: { holder: token, was: null } },
    token,
    undefined,
  ],
  ['adopted', { type: 'Adopted', data: { reference: token, holder: ada, now } }, ada, undefined],
  [
    'adopted once withdrawn',
    { type: 'Adopted', data: { reference: token, holder: ada, now: null } },
    ada,
    undefined,
  ],
];

describe('what is published of an interaction', () => {
  it.each(cases)(
    '%s: a fact of the contracts, keyed by whom it is about, without free text',
    (_name, event, key, subject) => {
      const publication = publish(event, stream);
      expect(() => checkFact('interaction-log', publication.fact!)).not.toThrow();
      expect(publication.fact!.data).toMatchObject({ interaction: 'x'.repeat(43) });
      expect(publication.key).toBe(key);
      expect(publication.subject).toBe(subject);
      expect(JSON.stringify(publication)).not.toContain('free text');
    },
  );

  it.each(cases)('%s: leaves out what was added to the event', (_name, event) =>
    expect(publish(withPrivateFields(event, 'free text'), stream)).toEqual(publish(event, stream)),
  );

  it('is every fact that interaction-log has', () => {
    const facts = Object.entries(publishedFacts).filter(([, { context }]) => context === 'interaction-log');
    expect([...new Set(cases.map(([, { type }]) => type))].sort()).toEqual(
      facts.map(([type]) => type).sort(),
    );
  });

  it('says when it happened', () => {
    expect(publish(cases[0]![1], stream).fact!.time).toBe(now.time);
  });

  it('says nothing of a correction of free text alone', () => {
    const data = { reference: token, holder: ada, was: now, now };
    expect(
      publish({ type: 'InteractionCorrected', data, personal: { reason: 'r', details: 'd' } }, stream),
    ).toEqual({
      key: ada,
      fact: null,
    });
  });
});

describe('of sources and dead letters', () => {
  it.each<InteractionLogEvent>([
    { type: 'SourceAllowed', data: { source: 's', libraries: [], branches: ['NORTH'] } },
    { type: 'SourceRevoked', data: { source: 's' } },
    { type: 'ContentKept', data: { part: 2 }, personal: { content: 'x' } },
    { type: 'RecordReplayed', data: { interaction: 'i' } },
    { type: 'ReplayRefused', data: { reason: 'UNKNOWN_KIND' } },
    { type: 'RecordDiscarded', data: {} },
  ])('nothing is published: $type', (event) =>
    expect(publish(event, 'stream-x')).toEqual({ key: 'stream-x', fact: null }),
  );
});
