import { branchClosed, type ClosureReason } from '@readership/contracts';
import { Refusal, type Decider } from '@readership/kernel';
import type { CardAdded, Contact, ContactChange, PatronEvent } from './patron.events.js';

export interface HeldCard {
  readonly claim: number;
  /** `null` once forgotten. */
  readonly number: string | null;
  readonly removedAt: string | null;
}

/** Names and addresses; `null` where there is none, or no longer. */
export interface ContactNow {
  readonly givenName: string | null;
  readonly familyName: string | null;
  readonly email: string | null;
  readonly phone: string | null;
}

export interface RegisteredPatron {
  readonly contact: ContactNow;
  readonly category: string | null;
  readonly language: string | null;
  readonly enrolledOn: string | null;
  /** Home branches by their first day. That of the registration is under `''`, before all days. */
  readonly homes: ByDay<string>;
  /** By effective day, the reason of a closure, or `null` for a reopening. */
  readonly closures: ByDay<ClosureReason | null>;
}

export interface Patron {
  /** `null` when nobody has registered here yet. */
  readonly registered: RegisteredPatron | null;
  /** Every card ever accepted, by token. */
  readonly cards: Readonly<Record<string, HeldCard>>;
  /** The last claim abandoned, by token. */
  readonly abandoned: Readonly<Record<string, number>>;
}

/**
 * Values by the day from which they hold, such as `2024-03-31`. The latest day not after a day counts, whatever order
 * the facts were recorded in; of two with the same day the one recorded last.
 */
export type ByDay<T> = Readonly<Record<string, T>>;

export interface NewCard {
  readonly token: string;
  readonly number: string;
  readonly claim: number;
}

export type PatronCommand =
  | {
      readonly type: 'RegisterPatron';
      readonly contact: Contact;
      readonly homeBranch: string;
      readonly category?: string;
      readonly language?: string;
      readonly enrolledOn?: string;
      readonly cards: readonly NewCard[];
      readonly today: string;
      /** The last day of the home branch; absent while it has none. */
      readonly lastDay?: string;
    }
  | {
      readonly type: 'MovePatron';
      readonly homeBranch: string;
      readonly since: string;
      readonly today: string;
      /** The last day of the new home branch; absent while it has none. */
      readonly lastDay?: string;
    }
  | {
      readonly type: 'ClosePatron';
      readonly reason: ClosureReason;
      readonly on: string;
      readonly today: string;
    }
  | { readonly type: 'ReopenPatron'; readonly on: string; readonly today: string }
  | { readonly type: 'ChangeContact'; readonly change: ContactChange }
  | {
      readonly type: 'ChangeCards';
      readonly add: readonly NewCard[];
      readonly remove: readonly string[];
      readonly at: string;
    }
  | { readonly type: 'AbandonClaim'; readonly token: string; readonly claim: number };

export const cardsHeldMax = 20;

export const patron: Decider<Patron, PatronCommand, PatronEvent> = {
  category: 'patron',
  initial: { registered: null, cards: {}, abandoned: {} },

  decide(command, state) {
    const known = state.registered;
    switch (command.type) {
      case 'RegisterPatron': {
        if (known !== null)
          throw new Refusal('PATRON_EXISTS', 'conflict', 'A patron with this id is registered already.');
        const { contact, homeBranch, category, language, enrolledOn } = command;
        if (contact.givenName === undefined && contact.familyName === undefined) throw nameRequired();
        if (enrolledOn !== undefined) notAhead(enrolledOn, command.today, '/enrolledOn');
        // Without a day of enrolment, somebody registers today.
        notClosed(command.lastDay, enrolledOn ?? command.today);
        return [
          {
            type: 'PatronRegistered',
            data: {
              homeBranch,
              ...(category === undefined ? {} : { category }),
              ...(language === undefined ? {} : { language }),
              ...(enrolledOn === undefined ? {} : { enrolledOn }),
            },
            personal: contact,
          },
          ...command.cards.map(added),
        ];
      }
      case 'MovePatron': {
        if (known === null) throw unknownPatron();
        const { homeBranch, since } = command;
        notAhead(since, command.today, '/since');
        if (known.homes[since] === homeBranch) return [];
        notClosed(command.lastDay, since);
        // Judged by its own day: what took effect before a closure counts although it is recorded after it.
        if (!isOpenOn(known, since)) throw patronClosedOn();
        return [{ type: 'PatronMoved', data: { homeBranch, since } }];
      }
      case 'ClosePatron': {
        if (known === null) throw unknownPatron();
        const { reason, on } = command;
        notAhead(on, command.today, '/on');
        if (known.closures[on] === reason) return [];
        return [{ type: 'PatronClosed', data: { reason, on } }];
      }
      case 'ReopenPatron': {
        if (known === null) throw unknownPatron();
        const { on } = command;
        notAhead(on, command.today, '/on');
        if (known.closures[on] === null) return [];
        if (isOpenOn(known, on)) {
          throw new Refusal('PATRON_OPEN', 'conflict', 'The patron is not closed on that day.', '/on');
        }
        return [{ type: 'PatronReopened', data: { on } }];
      }
      case 'ChangeContact': {
        if (known === null) throw unknownPatron();
        const change: ContactChange = Object.fromEntries(
          Object.entries(command.change).filter(
            ([field, value]) => value !== undefined && value !== known.contact[field as keyof ContactNow],
          ),
        );
        if (Object.keys(change).length === 0) return [];
        const { givenName, familyName } = { ...known.contact, ...change };
        // Somebody whose names were forgotten keeps an address that can be changed.
        const touched = 'givenName' in change || 'familyName' in change;
        if (touched && givenName === null && familyName === null) throw nameRequired();
        return [{ type: 'PatronContactChanged', data: {}, personal: change }];
      }
      case 'ChangeCards': {
        if (known === null) throw unknownPatron();
        const removed: PatronEvent[] = [];
        for (const token of command.remove) {
          const held = state.cards[token];
          if (held === undefined) {
            throw new Refusal('CARD_NOT_HELD', 'conflict', 'The patron has never had this card.', '/remove');
          }
          if (held.removedAt === null) removed.push({ type: 'CardRemoved', data: { token, at: command.at } });
        }
        const add = command.add.filter(({ token, claim }) => state.cards[token]?.claim !== claim);
        for (const { token, claim } of add) {
          if (state.abandoned[token] === claim) {
            throw new Refusal(
              'CLAIM_LOST',
              'conflict',
              'Somebody else has claimed the card meanwhile.',
              '/add',
            );
          }
        }
        if (add.length > 0 && closureOf(known) !== null) throw patronClosed();
        if (heldCards(state).length + add.length - removed.length > cardsHeldMax) {
          throw new Refusal(
            'TOO_MANY_CARDS',
            'invalid',
            `A patron has at most ${cardsHeldMax} cards.`,
            '/add',
          );
        }
        return [...removed, ...add.map(added)];
      }
      case 'AbandonClaim': {
        const { token, claim } = command;
        if (state.cards[token]?.claim === claim || state.abandoned[token] === claim) return [];
        return [{ type: 'ClaimAbandoned', data: { token, claim } }];
      }
    }
  },

  evolve(state, event) {
    switch (event.type) {
      case 'PatronRegistered': {
        const { homeBranch, category, language, enrolledOn } = event.data;
        const { givenName, familyName, email, phone } = event.personal ?? {};
        return {
          ...state,
          registered: {
            contact: {
              givenName: givenName ?? null,
              familyName: familyName ?? null,
              email: email ?? null,
              phone: phone ?? null,
            },
            category: category ?? null,
            language: language ?? null,
            enrolledOn: enrolledOn ?? null,
            homes: { '': homeBranch },
            closures: {},
          },
        };
      }
      case 'PatronMoved': {
        const { homeBranch, since } = event.data;
        return restated(state, ({ homes }) => ({ homes: { ...homes, [since]: homeBranch } }));
      }
      case 'PatronClosed': {
        const { reason, on } = event.data;
        return restated(state, ({ closures }) => ({ closures: { ...closures, [on]: reason } }));
      }
      case 'PatronReopened': {
        const { on } = event.data;
        return restated(state, ({ closures }) => ({ closures: { ...closures, [on]: null } }));
      }
      case 'PatronContactChanged':
        return restated(state, ({ contact }) => ({ contact: { ...contact, ...event.personal } }));
      case 'CardAdded': {
        const { token, claim } = event.data;
        const number = event.personal?.card ?? null;
        return { ...state, cards: { ...state.cards, [token]: { claim, number, removedAt: null } } };
      }
      case 'CardRemoved': {
        const { token, at } = event.data;
        const held = state.cards[token];
        return held ? { ...state, cards: { ...state.cards, [token]: { ...held, removedAt: at } } } : state;
      }
      case 'ClaimAbandoned': {
        const { token, claim } = event.data;
        return { ...state, abandoned: { ...state.abandoned, [token]: claim } };
      }
    }
  },
};

function added({ token, number, claim }: NewCard): CardAdded {
  return { type: 'CardAdded', data: { token, claim }, personal: { card: number } };
}

function restated(state: Patron, change: (known: RegisteredPatron) => Partial<RegisteredPatron>): Patron {
  const known = state.registered;
  return known ? { ...state, registered: { ...known, ...change(known) } } : state;
}

/** The last day of a history that is not after `day`; without `day` its very last. */
function lastDay(history: ByDay<unknown>, day?: string): string | undefined {
  let last: string | undefined;
  for (const since of Object.keys(history)) {
    if ((day === undefined || since <= day) && (last === undefined || since > last)) last = since;
  }
  return last;
}

function isOpenOn({ closures }: RegisteredPatron, day: string): boolean {
  const since = lastDay(closures, day);
  return since === undefined || closures[since] === null;
}

/** The closure in force, that of the latest day; `null` when the patron is open. */
export function closureOf({
  closures,
}: RegisteredPatron): { readonly reason: ClosureReason; readonly on: string } | null {
  const on = lastDay(closures);
  const reason = on === undefined ? null : closures[on]!;
  return reason === null ? null : { reason, on: on! };
}

/** The home of today: that of the latest day. No day is ahead. */
export function homeOf({ homes }: RegisteredPatron): string {
  return homes[lastDay(homes)!]!;
}

export function heldCards({ cards }: Patron): readonly HeldCard[] {
  return Object.values(cards).filter(({ removedAt }) => removedAt === null);
}

function nameRequired(): Refusal {
  return new Refusal(
    'NAME_REQUIRED',
    'invalid',
    'Give a givenName, a familyName or both: a patron has at least one name.',
    '/familyName',
  );
}

function notAhead(day: string, today: string, pointer: string): void {
  if (day > today) {
    throw new Refusal('FUTURE_DATE', 'invalid', 'The day must not be in the future.', pointer);
  }
}

function notClosed(lastDay: string | undefined, day: string): void {
  if (lastDay !== undefined && day > lastDay) throw branchClosed(lastDay, '/homeBranch');
}

export function unknownPatron(): Refusal {
  return new Refusal('PATRON_UNKNOWN', 'unknown', 'There is no patron with this id.');
}

function patronClosedOn(): Refusal {
  return new Refusal(
    'PATRON_CLOSED',
    'conflict',
    'The patron is closed on that day: reopen it from a day that is not later, or give a day before the closure.',
    '/since',
  );
}

export function patronClosed(): Refusal {
  return new Refusal('PATRON_CLOSED', 'conflict', 'The patron is closed: reopen it first.');
}
