import { given } from '@readership/kernel/testing';
import { card } from './card.decider.js';
import type { CardEvent } from './card.events.js';

const [ada, bob] = ['01900000-0000-7000-8000-00000000000a', '01900000-0000-7000-8000-00000000000b'];
const at = '2024-03-01T09:00:00.000Z';
const until = '2024-05-01T09:00:00.000Z';
const later = '2024-06-01T09:00:00.000Z';
const token = 'T';
const claimed = (personId = ada, request = 'r1', when = at): CardEvent => ({
  type: 'CardClaimed',
  data: { personId, request, at: when },
});
const linked: CardEvent = { type: 'CardLinked', data: { token, personId: ada } };
const unlinked: CardEvent = { type: 'CardUnlinked', data: { token, until } };
const claim = (personId: string, request: string, when = at) =>
  ({ type: 'ClaimCard', personId, request, at: when }) as const;

describe('a card', () => {
  it('is claimed by the first who asks', () => given(card).when(claim(ada, 'r1')).then(claimed()));

  it('stays claimed when the same request claims it again', () =>
    given(card, claimed())
      .when(claim(ada, 'r1', later))
      .thenNothing());

  it('is not claimed while somebody else claims it', () =>
    given(card, claimed()).when(claim(bob, 'r2')).thenRefused('CARD_TAKEN'));

  it('is claimed anew instead of a claim that was abandoned', () =>
    given(card, claimed())
      .when({ ...claim(bob, 'r2'), insteadOf: 1 })
      .then(claimed(bob, 'r2')));

  it('is not claimed instead of a claim that is no longer the last', () =>
    given(card, claimed(), claimed(bob, 'r2'))
      .when({ ...claim(ada, 'r3'), insteadOf: 1 })
      .thenRefused('CARD_TAKEN'));

  it('is not claimed while it is linked', () =>
    given(card, claimed(), linked).when(claim(bob, 'r2')).thenRefused('CARD_TAKEN'));

  it('is linked without a beginning the first time', () =>
    given(card, claimed()).when({ type: 'LinkCard', token, claim: 1 }).then(linked));

  it('is linked once', () =>
    given(card, claimed(), linked).when({ type: 'LinkCard', token, claim: 1 }).thenNothing());

  it('is not linked by a claim that was replaced', () =>
    given(card, claimed(), claimed(bob, 'r2')).when({ type: 'LinkCard', token, claim: 1 }).thenNothing());

  it('ends its link', () =>
    given(card, claimed(), linked).when({ type: 'UnlinkCard', token, claim: 1, until }).then(unlinked));

  it('ends a link once', () =>
    given(card, claimed(), linked, unlinked)
      .when({ type: 'UnlinkCard', token, claim: 1, until })
      .thenNothing());

  it('does not end the link of a later claim', () =>
    given(card, claimed(), linked, unlinked, claimed(bob, 'r2', later), linked)
      .when({ type: 'UnlinkCard', token, claim: 1, until })
      .thenNothing());

  it('is linked from its claim when it was linked before', () =>
    given(card, claimed(), linked, unlinked, claimed(bob, 'r2', later))
      .when({ type: 'LinkCard', token, claim: 4 })
      .then({ type: 'CardLinked', data: { token, personId: bob, from: later } }));

  it('never begins a link before the one before it ended, whatever the clocks say', () =>
    given(card, claimed(), linked, unlinked, claimed(bob, 'r2', at))
      .when({ type: 'LinkCard', token, claim: 4 })
      .then({ type: 'CardLinked', data: { token, personId: bob, from: until } }));
});
