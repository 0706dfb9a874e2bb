import type { InteractionFact } from '@readership/contracts';
import { given } from '@readership/kernel/testing';
import { interaction, type KnownInteraction } from './interaction.decider.js';
import type { InteractionEvent } from './interaction.events.js';

const token = 'T'.repeat(43);
const ada = '0193a1b2-0000-7000-8000-00000000000a';
const ben = '0193a1b2-0000-7000-8000-00000000000b';
const loan: InteractionFact = {
  time: '2024-03-31T09:15:00.000Z',
  kind: 'loan',
  branch: 'NORTH',
  quantity: 1,
  startedBy: 'patron',
  digital: false,
};
const record = (holder: string, reference: string | null = token, now = loan) =>
  ({ type: 'RecordInteraction', reference, holder, now, digest: 'd1', source: 's1' }) as const;
const recorded = (holder: string, reference: string | null = token): InteractionEvent => ({
  type: 'InteractionRecorded',
  data: { reference, holder, now: loan, digest: 'd1', source: 's1' },
});
const referenced = (holder: string, time = loan.time): InteractionEvent => ({
  type: 'Referenced',
  data: { reference: token, time, holder },
});
const attribute = (to: string) => ({ type: 'AttributeInteraction', to }) as const;
const correct = (changes: Partial<InteractionFact>, details?: string) =>
  ({
    type: 'CorrectInteraction',
    changes,
    reason: 'typing mistake',
    ...(details === undefined ? {} : { details }),
  }) as const;
const withdraw = { type: 'WithdrawInteraction', reason: 'test of the gate' } as const;
const withdrawn = (holder: string): InteractionEvent => ({
  type: 'InteractionWithdrawn',
  data: { reference: token, holder, was: loan },
  personal: { reason: 'test of the gate' },
});

const interactionGiven = (...past: readonly InteractionEvent[]) => given(interaction, ...past);

describe('recording an interaction', () => {
  it('of a known card tells the reference who holds it', () =>
    interactionGiven().when(record(ada)).then(recorded(ada), referenced(ada)));

  it('of an unknown card is held by its reference, which needs no telling', () =>
    interactionGiven().when(record(token)).then(recorded(token)));

  it('of a patron named by id is held by the reference itself', () =>
    interactionGiven().when(record(ada, ada)).then(recorded(ada, ada)));

  it('without card and patron is held by its stream and told to nobody', () =>
    interactionGiven().when(record('interaction-x', null)).then(recorded('interaction-x', null)));

  it('keeps free text apart, in the personal part', () =>
    interactionGiven()
      .when({ ...record(token), details: 'asked about Ada' })
      .then({ ...recorded(token), personal: { details: 'asked about Ada' } } as InteractionEvent));

  it('again changes nothing', () => interactionGiven(recorded(ada)).when(record(ben)).thenNothing());

  it('again changes nothing after it was corrected, moved and withdrawn', () => {
    const past: InteractionEvent[] = [recorded(token)];
    for (const command of [correct({ kind: 'hold' }), attribute(ada), withdraw]) {
      past.push(...interaction.decide(command, past.reduce(interaction.evolve, interaction.initial)));
    }
    interactionGiven(...past)
      .when(record(token))
      .thenNothing();
  });

  it('is refused after the last day of the branch, but what was recorded is known again', () => {
    const late = { ...record(ada), lastDay: '2024-03-30' };
    interactionGiven().when(late).thenRefused('BRANCH_CLOSED');
    interactionGiven(recorded(ada)).when(late).thenNothing();
  });

  it('is refused when the id stands for another fact', () =>
    interactionGiven(recorded(ada))
      .when({ ...record(ada), digest: 'd2' })
      .thenRefused('ID_REUSED'));
});

describe('correcting an interaction', () => {
  it('says what it was and what it is now', () =>
    interactionGiven(recorded(ada))
      .when(correct({ kind: 'renewal', quantity: 2 }))
      .then({
        type: 'InteractionCorrected',
        data: { reference: token, holder: ada, was: loan, now: { ...loan, kind: 'renewal', quantity: 2 } },
        personal: { reason: 'typing mistake' },
      }));

  it('tells the reference another time, which may be that of another reader of the card', () => {
    const time = '2023-01-01T00:00:00.000Z';
    interactionGiven(recorded(ada))
      .when(correct({ time }))
      .then(
        {
          type: 'InteractionCorrected',
          data: { reference: token, holder: ada, was: loan, now: { ...loan, time } },
          personal: { reason: 'typing mistake' },
        },
        referenced(ada, time),
      );
  });

  it('is kept under the last holder', () => {
    const [corrected] = interaction.decide(
      correct({ quantity: 3 }),
      [
        recorded(token),
        ...interaction.decide(attribute(ada), interaction.evolve(interaction.initial, recorded(token))),
      ].reduce(interaction.evolve, interaction.initial),
    );
    expect(corrected).toMatchObject({ type: 'InteractionCorrected', data: { holder: ada } });
  });

  it('of free text alone is a fact too', () =>
    interactionGiven(recorded(ada))
      .when(correct({}, 'a new note'))
      .then({
        type: 'InteractionCorrected',
        data: { reference: token, holder: ada, was: loan, now: loan },
        personal: { reason: 'typing mistake', details: 'a new note' },
      }));

  it('to what it says already changes nothing', () =>
    interactionGiven(recorded(ada))
      .when(correct({ kind: 'loan' }))
      .thenNothing());

  it('is refused for a quantity over 1,000 under a person', () =>
    interactionGiven(recorded(ada))
      .when(correct({ quantity: 1_001 }))
      .thenRefused('QUANTITY_TOO_LARGE'));

  it('takes a large quantity of an anonymous one', () => {
    const decided = interaction.decide(
      correct({ quantity: 50_000 }),
      interaction.evolve(interaction.initial, recorded('interaction-x', null)),
    );
    expect(decided).toHaveLength(1);
  });

  it('is refused once it was withdrawn', () =>
    interactionGiven(recorded(ada), withdrawn(ada))
      .when(correct({ quantity: 2 }))
      .thenRefused('INTERACTION_WITHDRAWN'));

  it('is refused when it is not known', () =>
    interactionGiven()
      .when(correct({ quantity: 2 }))
      .thenRefused('UNKNOWN_INTERACTION'));
});

describe('withdrawing an interaction', () => {
  it('says what it was', () => interactionGiven(recorded(ada)).when(withdraw).then(withdrawn(ada)));
  it('again changes nothing', () =>
    interactionGiven(recorded(ada), withdrawn(ada)).when(withdraw).thenNothing());
  it('is refused when it is not known', () =>
    interactionGiven().when(withdraw).thenRefused('UNKNOWN_INTERACTION'));
});

const restore = { type: 'RestoreInteraction', reason: 'it was right' } as const;
const restored = (holder: string, now: InteractionFact = loan): InteractionEvent => ({
  type: 'InteractionRestored',
  data: { reference: token, holder, now },
  personal: { reason: 'it was right' },
});

describe('restoring an interaction', () => {
  it('says what counts again', () =>
    interactionGiven(recorded(ada), withdrawn(ada)).when(restore).then(restored(ada)));
  it('counts for whom it belongs to by now', () =>
    interactionGiven(
      recorded(ada),
      withdrawn(ada),
      { type: 'ReattributedAway', data: { holder: ada, was: null } },
      { type: 'Adopted', data: { reference: token, holder: ben, now: null } },
    )
      .when(restore)
      .then(restored(ben)));
  it('changes nothing that counts', () => {
    interactionGiven(recorded(ada)).when(restore).thenNothing();
    interactionGiven(recorded(ada), withdrawn(ada), restored(ada)).when(restore).thenNothing();
  });
  it('lets it be corrected, withdrawn and moved again', () => {
    const past = [recorded(ada), withdrawn(ada), restored(ada)];
    interactionGiven(...past)
      .when(withdraw)
      .then(withdrawn(ada));
    const moved = interaction.decide(attribute(ben), past.reduce(interaction.evolve, interaction.initial));
    expect(moved).toContainEqual({ type: 'Adopted', data: { reference: token, holder: ben, now: loan } });
  });
  it('is refused when it is not known', () =>
    interactionGiven().when(restore).thenRefused('UNKNOWN_INTERACTION'));
});

describe('attributing an interaction', () => {
  it('takes it from the old holder, gives it to the new one and tells the reference', () =>
    interactionGiven(recorded(token))
      .when(attribute(ada))
      .then(
        { type: 'ReattributedAway', data: { holder: token, was: loan } },
        { type: 'Adopted', data: { reference: token, holder: ada, now: loan } },
        referenced(ada),
      ));

  it('to the reference itself, once nobody is known by it, tells the reference too', () =>
    interactionGiven(recorded(ada), referenced(ada))
      .when(attribute(token))
      .then(
        { type: 'ReattributedAway', data: { holder: ada, was: loan } },
        { type: 'Adopted', data: { reference: token, holder: token, now: loan } },
        referenced(token),
      ));

  it('moves a withdrawn one silently, with nothing left to count', () =>
    interactionGiven(recorded(ada), referenced(ada), withdrawn(ada))
      .when(attribute(ben))
      .then(
        { type: 'ReattributedAway', data: { holder: ada, was: null } },
        { type: 'Adopted', data: { reference: token, holder: ben, now: null } },
        referenced(ben),
      ));

  it('to whom it belongs already changes nothing', () =>
    interactionGiven(recorded(ada)).when(attribute(ada)).thenNothing());
  it('leaves anonymous and unknown ones alone', () => {
    interactionGiven(recorded('interaction-x', null)).when(attribute(ada)).thenNothing();
    interactionGiven().when(attribute(ada)).thenNothing();
  });
});

describe('what an interaction says now', () => {
  it('has lost its free text once the key was destroyed, and nothing else', () => {
    const events: InteractionEvent[] = [
      { ...recorded(ada), personal: null } as InteractionEvent,
      {
        type: 'InteractionCorrected',
        data: { reference: token, holder: ada, was: loan, now: { ...loan, quantity: 4 } },
        personal: null,
      },
      { ...withdrawn(ada), personal: null } as InteractionEvent,
    ];
    const state = events.reduce(interaction.evolve, interaction.initial) as KnownInteraction;
    expect(state).toMatchObject({ status: 'withdrawn', details: null, now: { quantity: 4 } });
  });
});
