import { Inject, Injectable } from '@nestjs/common';
import { Secrets } from '@readership/host';
import { EventStore, foldFor, handle, keyed, Refusal, type Marks, type Meta } from '@readership/kernel';
import { cardTaken } from '../cards/card.decider.js';
import { cardNumbers } from '../cards/card-number.js';
import { Cards } from '../cards/cards.js';
import { closureOf, patron, patronClosed, unknownPatron, type NewCard } from './patron.decider.js';

const attemptsMax = 5;
/** A claim number that no claim has: a card's first is 1. */
const notYet = 0;

/** Adds cards to a registered patron and removes them. */
@Injectable()
export class PatronCards {
  constructor(
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(Cards) private readonly cards: Cards,
    @Inject(Secrets) private readonly secrets: Secrets,
  ) {}

  /** Adds and removes cards in one decision. Throws `CARD_TAKEN`, `CARD_NOT_HELD`, `BAD_CARD`, `PATRON_CLOSED`. */
  async change(
    personId: string,
    numbers: { readonly add: readonly string[]; readonly remove: readonly string[] },
    meta: Meta,
    ifVersions?: readonly number[],
  ): Promise<{ readonly version: number; readonly marks: readonly Marks[] }> {
    const places = cardNumbers(numbers.add, '/add');
    const add = [...places.keys()];
    const remove = [...cardNumbers(numbers.remove, '/remove').keys()].map((number) =>
      this.cards.tokenOf(number),
    );
    const request = keyed(this.secrets.cardKey, JSON.stringify({ personId, add, remove }));
    const marks: Marks[] = [];
    for (let attempt = 1; ; attempt++) {
      const isRepeated = await this.expectWilling(personId, { add, remove }, meta, ifVersions);
      // Cards that somebody else has since got stay theirs.
      if (!isRepeated) await this.expectFree(personId, places, meta, marks);
      const claimed = isRepeated ? [] : await this.claimAll(personId, places, request, meta, marks);
      const command = { type: 'ChangeCards', add: claimed, remove, at: meta.at } as const;
      try {
        const done = await handle(this.store, patron, personId, command, meta, ifVersions);
        marks.push(done.marks);
        const touched = [...remove, ...add.map((number) => this.cards.tokenOf(number))];
        for (const token of new Set(touched))
          marks.push(...(await this.cards.settleClaim(token, meta)).marks);
        return { version: done.version, marks };
      } catch (error) {
        if (!(error instanceof Refusal && error.code === 'CLAIM_LOST') || attempt === attemptsMax)
          throw error;
      }
    }
  }

  /**
   * Throws what the patron's stream would refuse later, before anything is claimed. Resolves to true when the same
   * command was recorded before.
   */
  private async expectWilling(
    personId: string,
    change: { readonly add: readonly string[]; readonly remove: readonly string[] },
    { commandId, at }: Meta,
    ifVersions: readonly number[] | undefined,
  ): Promise<boolean> {
    const { state, version, earlier } = await foldFor(this.store, patron, personId, commandId);
    if (state.registered === null) throw unknownPatron();
    if (earlier !== null) return true;
    if (ifVersions !== undefined && !ifVersions.includes(version)) {
      throw new Refusal(
        'VERSION_MISMATCH',
        'stale',
        'It changed since you read it: read it again and repeat.',
      );
    }
    if (change.add.length > 0 && closureOf(state.registered) !== null) throw patronClosed();
    const wanted = change.add.map((number) => ({ number, token: this.cards.tokenOf(number) }));
    const add = wanted
      .filter(({ token }) => state.cards[token]?.removedAt !== null)
      .map((card) => ({ ...card, claim: notYet }));
    patron.decide({ type: 'ChangeCards', ...change, at, add }, state);
    return false;
  }

  /**
   * Throws `CARD_TAKEN` before anything is claimed. A card that is taken after this check leaves claims that are given
   * up.
   */
  private async expectFree(
    personId: string,
    add: ReadonlyMap<string, string>,
    meta: Meta,
    marks: Marks[],
  ): Promise<void> {
    if (add.size < 2) return;
    const tokens = [...add.keys()].map((number) => this.cards.tokenOf(number));
    const looked = await this.cards.links(tokens, meta);
    marks.push(...looked.marks);
    const taken = looked.links.findIndex((link) => link !== null && link.personId !== personId);
    if (taken >= 0) throw cardTaken([...add.values()][taken]);
  }

  private async claimAll(
    personId: string,
    add: ReadonlyMap<string, string>,
    request: string,
    meta: Meta,
    marks: Marks[],
  ): Promise<NewCard[]> {
    const claimed: NewCard[] = [];
    for (const [number, place] of add) {
      const token = this.cards.tokenOf(number);
      const result = await this.cards.claim(token, { personId, request, adopt: false }, meta);
      marks.push(...result.marks);
      if (result.outcome === 'claimed') claimed.push({ token, number, claim: result.claim });
      else if (result.hold.personId !== personId) throw cardTaken(place);
    }
    return claimed;
  }
}
