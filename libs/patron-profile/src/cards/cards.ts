import { Inject, Injectable } from '@nestjs/common';
import { normalisedCard } from '@readership/contracts';
import { Secrets } from '@readership/host';
import {
  EventStore,
  fold,
  handle,
  keyed,
  Refusal,
  streamOf,
  uuidv7,
  type Marks,
  type Meta,
} from '@readership/kernel';
import { setTimeout as pause } from 'node:timers/promises';
import { patron } from '../patrons/patron.decider.js';
import { card, type Card, type Hold } from './card.decider.js';
import { badCard } from './card-number.js';

/** A card after unfinished claims were settled: free, linked, or claimed by a request that is still in progress. */
interface Settled {
  readonly card: Card;
  /** The claim in force was refused for good by its person's stream. */
  readonly abandoned: boolean;
  readonly marks: readonly Marks[];
}

export type Claimed =
  | {
      readonly outcome: 'claimed';
      readonly personId: string;
      readonly claim: number;
      readonly marks: readonly Marks[];
    }
  | { readonly outcome: 'taken'; readonly hold: Hold; readonly marks: readonly Marks[] };

const attemptsMax = 100;
/** A claim older than this was left behind. A younger one gets a moment to be confirmed before it is settled. */
const youngMs = 2_000;
const graceMs = 250;
const lookMs = 10;

/**
 * Cards and persons are separate streams that agree without a transaction: a claim on the card, the person's decision,
 * the link on the card. Whoever finds an unfinished claim completes or abandons it, so a crash at any point is safe.
 */
@Injectable()
export class Cards {
  constructor(
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(Secrets) private readonly secrets: Secrets,
  ) {}

  /** The pseudonym of a card number. Throws `BAD_CARD`. */
  tokenOf(number: string): string {
    const normalised = normalisedCard(number);
    if (normalised === null) throw badCard('/cards');
    return keyed(this.secrets.cardKey, normalised);
  }

  /** Who has the card now; `null` when nobody has. */
  async holder(token: string, meta: Meta): Promise<string | null> {
    const { links } = await this.links([token], meta);
    return links[0]?.personId ?? null;
  }

  /** The links of these cards, read in their order; `null` for a card that is free or only claimed. It claims nothing. */
  async links(
    tokens: readonly string[],
    meta: Meta,
  ): Promise<{ readonly links: readonly (Hold | null)[]; readonly marks: readonly Marks[] }> {
    const links: (Hold | null)[] = [];
    const marks: Marks[] = [];
    for (const token of tokens) {
      const settled = await this.settleClaim(token, meta);
      const { hold } = settled.card;
      links.push(hold?.status === 'linked' ? hold : null);
      marks.push(...settled.marks);
    }
    return { links, marks };
  }

  /** Records on the card what the persons' streams have decided about it. */
  async settleClaim(token: string, meta: Meta): Promise<Settled> {
    const marks: Marks[] = [];
    // The request's own command on a card is its claim.
    const own = (): Meta => ({ ...meta, commandId: uuidv7() });
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      const { state } = await fold(this.store, card, token);
      const { hold } = state;
      if (hold === null) return { card: state, abandoned: false, marks };
      const { state: person, version: decisions } = await fold(this.store, patron, hold.personId);
      const held = person.cards[token];
      if (held?.claim !== hold.claim) {
        // Nobody can register any more on a stream that has begun without a registration.
        const dead = person.registered === null && decisions > 0;
        return { card: state, abandoned: dead || person.abandoned[token] === hold.claim, marks };
      }
      const { claim } = hold;
      if (hold.status === 'claimed') {
        const link = { type: 'LinkCard', token, claim } as const;
        marks.push((await handle(this.store, card, token, link, own())).marks);
      } else if (held.removedAt !== null) {
        const unlink = { type: 'UnlinkCard', token, claim, until: held.removedAt } as const;
        marks.push((await handle(this.store, card, token, unlink, own())).marks);
      } else {
        return { card: state, abandoned: false, marks };
      }
    }
    throw busy();
  }

  /**
   * Claims the card for a person and settles unfinished claims on it. The same request continues its own claim; with
   * `adopt` also one that it made for another new person id, which is then the id to continue with.
   */
  async claim(
    token: string,
    want: { readonly personId: string; readonly request: string; readonly adopt: boolean },
    meta: Meta,
  ): Promise<Claimed> {
    const marks: Marks[] = [];
    const { personId, request } = want;
    let waited = 0;
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      const settled = await this.settleClaim(token, meta);
      marks.push(...settled.marks);
      const { hold, version } = settled.card;
      if (hold?.status === 'linked') return { outcome: 'taken', hold, marks };
      if (hold === null || settled.abandoned) {
        const events = card.decide(
          {
            type: 'ClaimCard',
            personId,
            request,
            at: meta.at,
            ...(hold === null ? {} : { insteadOf: hold.claim }),
          },
          settled.card,
        );
        const appended = await this.store.append(streamOf('card', token), version, events, meta);
        if (appended.outcome === 'conflict') continue;
        marks.push(appended.marks);
        return { outcome: 'claimed', personId, claim: appended.version, marks };
      }
      // The same request may have left claims for several ids. One of them is continued; the others are given up at once.
      if (hold.request === request && (want.adopt || hold.personId === personId)) {
        return { outcome: 'claimed', personId: hold.personId, claim: hold.claim, marks };
      }
      const young = hold.request !== request && Date.parse(meta.at) - Date.parse(hold.at) < youngMs;
      if (young && waited < graceMs) {
        await pause(lookMs);
        waited += lookMs;
        continue;
      }
      const abandon = { type: 'AbandonClaim', token, claim: hold.claim } as const;
      // With its own command id, which must never count on that stream as the request's own command.
      const own = { ...meta, commandId: uuidv7() };
      marks.push((await handle(this.store, patron, hold.personId, abandon, own)).marks);
    }
    throw busy();
  }
}

function busy(): Refusal {
  return new Refusal('BUSY', 'not-yet', 'Others are changing the same card: try again in a moment.');
}
