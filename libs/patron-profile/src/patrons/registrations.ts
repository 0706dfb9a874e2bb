import { Inject, Injectable } from '@nestjs/common';
import { Secrets } from '@readership/host';
import {
  EventStore,
  fold,
  foldFor,
  keyed,
  Refusal,
  streamOf,
  uuidMadeBy,
  type AnyEvent,
  type Commit,
  type Marks,
  type Meta,
} from '@readership/kernel';
import type { LastDays } from '../directory/directory.js';
import { card, cardTaken } from '../cards/card.decider.js';
import { Cards } from '../cards/cards.js';
import { patron, type NewCard } from './patron.decider.js';
import type { PatronEvent } from './patron.events.js';
import { spellings, type Registration } from './registration.js';

export type RegistrationOutcome =
  | { readonly outcome: 'recorded' | 'already-recorded'; readonly id: string; readonly version: number }
  | { readonly outcome: 'refused'; readonly refusal: Refusal };

interface Asked {
  readonly registration: Registration;
  readonly tokens: readonly string[];
  /** Keyed digest of the whole request. */
  readonly request: string;
  /** All digests under which the same request may have been recorded. */
  readonly requests: readonly string[];
  readonly meta: Meta;
}

/** A registration decided on its own. Its claims are version 1 of their cards' streams. */
interface Fresh {
  readonly at: number;
  readonly asked: Asked;
  readonly id: string;
  readonly events: readonly PatronEvent[];
}

/** What registrations are judged by. */
export interface Days {
  /** The consortium's day. */
  readonly today: string;
  /** Of the home branches that have one. */
  readonly lastDays: LastDays;
}

const attemptsMax = 20;

/**
 * Registers patrons with their cards. Many at once take three passes (claims, registrations, links) as long as their
 * cards are new. A registration that meets anything else is settled separately, in its turn.
 */
@Injectable()
export class Registrations {
  constructor(
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(Cards) private readonly cards: Cards,
    @Inject(Secrets) private readonly secrets: Secrets,
  ) {}

  /** Resolves to one outcome each, in order. */
  async register(
    registrations: readonly Registration[],
    days: Days,
    meta: Meta,
  ): Promise<{ readonly outcomes: readonly RegistrationOutcome[]; readonly marks: readonly Marks[] }> {
    const marks: Marks[] = [];
    const outcomes: (RegistrationOutcome | undefined)[] = new Array(registrations.length);
    const asked = registrations.map((registration) => this.ask(registration, meta));
    const fresh = await this.freshOf(asked, days, outcomes, marks);

    const claims = fresh.flatMap(({ asked: { tokens, request, meta }, id }) =>
      tokens.map((token) => commitOf('card', token, 0, claimed(id, request, meta), meta)),
    );
    const claimed1 = await this.each(claims, marks);
    let next = 0;
    const ready = fresh.filter(({ asked: { tokens } }) => {
      const won = claimed1.slice(next, next + tokens.length).every(Boolean);
      next += tokens.length;
      return won;
    });

    const registered = await this.each(
      ready.map(({ asked, id, events }) => commitOf('patron', id, 0, events, asked.meta)),
      marks,
    );
    const links: Commit[] = [];
    ready.forEach(({ at, asked: { tokens, request, meta }, id, events }, index) => {
      if (!registered[index]) return;
      outcomes[at] = { outcome: 'recorded', id, version: events.length };
      const claim = claimed(id, request, meta).reduce(card.evolve, card.initial);
      for (const token of tokens) {
        links.push(
          commitOf('card', token, 1, card.decide({ type: 'LinkCard', token, claim: 1 }, claim), meta),
        );
      }
    });
    const linked = await this.each(links, marks);
    for (const [index, { stream, meta }] of links.entries()) {
      if (!linked[index])
        marks.push(...(await this.cards.settleClaim(stream.slice('card-'.length), meta)).marks);
    }

    for (const [at, one] of asked.entries()) outcomes[at] ??= await this.settled(one, days, marks);
    return { outcomes: outcomes as RegistrationOutcome[], marks };
  }

  /**
   * The registrations that the three passes can take: nobody has ever wanted their cards, and no earlier one of the
   * same request has them.
   */
  private async freshOf(
    asked: readonly Asked[],
    days: Days,
    outcomes: (RegistrationOutcome | undefined)[],
    marks: Marks[],
  ): Promise<readonly Fresh[]> {
    const wanted = new Set<string>();
    const fresh: Fresh[] = [];
    for (const [at, one] of asked.entries()) {
      try {
        const { tokens } = one;
        // A claim on a card that nobody has ever had is version 1 of its stream.
        const versions = tokens.map(() => 1);
        const events = decided(one, versions, days);
        const first = !tokens.some((token) => wanted.has(token));
        for (const token of tokens) wanted.add(token);
        if (first && (await this.allNew(tokens)))
          fresh.push({ at, asked: one, id: personIdOf(one, 1), events });
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        outcomes[at] = await this.unlessRecorded(one, { outcome: 'refused', refusal: error }, marks);
      }
    }
    return fresh;
  }

  /** Checks the cards before a claim that could be left behind. The claim of a single card checks for itself. */
  private async allNew(tokens: readonly string[]): Promise<boolean> {
    if (tokens.length === 1) return true;
    const cards = await Promise.all(tokens.map((token) => fold(this.store, card, token)));
    return cards.every(({ version }) => version === 0);
  }

  private ask(registration: Registration, meta: Meta): Asked {
    const requests = spellings(registration).map((said) => keyed(this.secrets.cardKey, said));
    const request = requests[0]!;
    return {
      registration,
      tokens: registration.cards.map((number) => this.cards.tokenOf(number)),
      request,
      requests,
      // The same request again is the same command, and gives the person the same id.
      meta: { ...meta, commandId: uuidMadeBy(meta.commandId, request) },
    };
  }

  private async each(commits: readonly Commit[], marks: Marks[]): Promise<readonly boolean[]> {
    if (commits.length === 0) return [];
    const results = await this.store.appendEach(commits);
    return results.map((result) => {
      if (result.outcome === 'conflict') return false;
      marks.push(result.marks);
      return true;
    });
  }

  private async settled(asked: Asked, days: Days, marks: Marks[]): Promise<RegistrationOutcome> {
    const outcome = await this.registerOne(asked, days, marks);
    return outcome.outcome === 'refused' ? this.unlessRecorded(asked, outcome, marks) : outcome;
  }

  /**
   * A registration that is refused now may have been recorded before its branch closed, or by the same command before its
   * cards went to others.
   */
  private async unlessRecorded(
    asked: Asked,
    outcome: RegistrationOutcome,
    marks: Marks[],
  ): Promise<RegistrationOutcome> {
    const looked = await this.cards.links(asked.tokens.slice(0, 1), asked.meta);
    marks.push(...looked.marks);
    const [link] = looked.links;
    if (link && asked.requests.includes(link.request)) {
      const { version } = await fold(this.store, patron, link.personId);
      return { outcome: 'already-recorded', id: link.personId, version };
    }
    const id = personIdOf(asked, 1);
    const { earlier } = await foldFor(this.store, patron, id, asked.meta.commandId);
    return earlier === null ? outcome : { outcome: 'already-recorded', id, version: earlier.version };
  }

  private async registerOne(asked: Asked, days: Days, marks: Marks[]): Promise<RegistrationOutcome> {
    const taken = await this.takenPlace(asked, marks);
    if (taken !== null) return { outcome: 'refused', refusal: cardTaken(taken) };
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      const claims = await this.claimAll(asked, personIdOf(asked, attempt), marks);
      if ('outcome' in claims) return claims;
      const { personId, versions } = claims;
      const events = decided(asked, versions, days);
      const appended = await this.store.append(streamOf('patron', personId), 0, events, asked.meta);
      if (appended.outcome === 'appended') {
        marks.push(appended.marks);
        await this.settleAll(asked, marks);
        return { outcome: 'recorded', id: personId, version: appended.version };
      }
      // Either the same request got here first, and the next round finds its cards, or a claim was abandoned.
    }
    return {
      outcome: 'refused',
      refusal: new Refusal('BUSY', 'not-yet', 'Others are changing the same cards: try again in a moment.'),
    };
  }

  /**
   * The place of the first of several cards that somebody else has, or `null`. Checked before the first claim, so that a
   * refusal leaves nothing behind. The first card is read last, because it shows whether the same request has registered
   * meanwhile.
   */
  private async takenPlace(
    { registration, tokens, requests, meta }: Asked,
    marks: Marks[],
  ): Promise<string | null> {
    if (tokens.length === 1) return null;
    const looked = await this.cards.links([...tokens].reverse(), meta);
    marks.push(...looked.marks);
    const links = [...looked.links].reverse();
    if (links[0] && requests.includes(links[0].request)) return null;
    const at = links.findIndex((link) => link !== null);
    return registration.places[at] ?? null;
  }

  /**
   * Claims every card for one person id, or says why that ended early. A card that was taken after the check leaves the
   * claims before it behind. They are private, and are given up when somebody asks for those cards.
   */
  private async claimAll(
    asked: Asked,
    newPersonId: string,
    marks: Marks[],
  ): Promise<RegistrationOutcome | { readonly personId: string; readonly versions: readonly number[] }> {
    let personId = newPersonId;
    const versions: number[] = [];
    for (const [index, token] of asked.tokens.entries()) {
      const first = index === 0;
      const result = await this.cards.claim(
        token,
        { personId, request: asked.request, adopt: first },
        asked.meta,
      );
      marks.push(...result.marks);
      if (result.outcome === 'claimed') {
        personId = result.personId;
        versions.push(result.claim);
      } else if (first && asked.requests.includes(result.hold.request)) {
        await this.settleAll(asked, marks);
        const { version } = await fold(this.store, patron, result.hold.personId);
        return { outcome: 'already-recorded', id: result.hold.personId, version };
      } else if (!first && result.hold.personId === personId) {
        // The same request has registered the person since the first card was read.
        versions.push(result.hold.claim);
      } else {
        return { outcome: 'refused', refusal: cardTaken(asked.registration.places[index]) };
      }
    }
    return { personId, versions };
  }

  private async settleAll(asked: Asked, marks: Marks[]): Promise<void> {
    for (const token of asked.tokens) marks.push(...(await this.cards.settleClaim(token, asked.meta)).marks);
  }
}

/** The id of a new person. An attempt after the first is for when others have given up the claims of that before. */
function personIdOf({ meta }: Asked, attempt: number): string {
  return uuidMadeBy(meta.commandId, `patron ${attempt}`);
}

function decided(
  { registration, tokens }: Asked,
  versions: readonly number[],
  { today, lastDays }: Days,
): readonly PatronEvent[] {
  const { cards, contact, homeBranch, category, language, enrolledOn } = registration;
  const lastDay = lastDays.get(homeBranch);
  const added: NewCard[] = cards.map((number, index) => ({
    number,
    token: tokens[index]!,
    claim: versions[index]!,
  }));
  const command = {
    type: 'RegisterPatron',
    contact,
    homeBranch,
    ...(category === undefined ? {} : { category }),
    ...(language === undefined ? {} : { language }),
    ...(enrolledOn === undefined ? {} : { enrolledOn }),
    cards: added,
    today,
    ...(lastDay === undefined ? {} : { lastDay }),
  } as const;
  return patron.decide(command, patron.initial);
}

function claimed(personId: string, request: string, meta: Meta) {
  return card.decide({ type: 'ClaimCard', personId, request, at: meta.at }, card.initial);
}

function commitOf(
  category: string,
  id: string,
  expectedVersion: number,
  events: readonly AnyEvent[],
  meta: Meta,
): Commit {
  return { stream: streamOf(category, id), expectedVersion, events, meta };
}
