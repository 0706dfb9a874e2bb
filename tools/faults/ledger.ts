import type { ActivityPolicy } from '@readership/contracts';
import { digest } from '@readership/kernel';
import type { Item, PaperAnswer, Registration, StatedCost, Wish } from './history.js';

export const source = '/chaos';

/** The id by which clients know an item of the history. */
export function itemId(item: number): string {
  return digest(`${source}\0item ${item}`);
}

export interface KnownPerson {
  readonly id: string;
  readonly registration: Registration;
  readonly cards: Set<string>;
  /** Moves, closures and reopenings in their order. */
  readonly told: Extract<Wish, { do: 'move' | 'close' | 'reopen' }>[];
}

export interface KnownItem {
  readonly item: Item;
  /** Its current state. The reference that it came with does not change. */
  now: Item;
  status: 'recorded' | 'withdrawn';
  /** `false` when it was sent and the outcome is not known. */
  acknowledged: boolean;
}

/** What the clients were told: the history that must be found in the end. */
export class Ledger {
  readonly people = new Map<number, KnownPerson>();
  readonly items = new Map<number, KnownItem>();
  readonly answers = new Map<string, PaperAnswer>();
  readonly costs = new Map<string, StatedCost>();
  windowMonths: ActivityPolicy['windowMonths'] = 12;
  /** Numbers of requests that were acknowledged, and of valid ones that were refused. */
  acknowledged = 0;
  readonly refused: string[] = [];

  /** Records an answer. `ids` has the answer's id for each thing that was asked for, in order. */
  note(wish: Wish, ids: readonly string[]): void {
    this.acknowledged++;
    switch (wish.do) {
      case 'register': {
        const { person, registration } = wish;
        if (this.people.has(person)) return;
        this.people.set(person, {
          id: ids[0]!,
          registration,
          cards: new Set(registration.cards),
          told: [],
        });
        return;
      }
      case 'give-card':
        this.people.get(wish.person)!.cards.add(wish.card);
        return;
      case 'move':
      case 'close':
      case 'reopen':
        this.people.get(wish.person)!.told.push(wish);
        return;
      case 'record':
        for (const item of wish.items) this.asked(item).acknowledged = true;
        return;
      case 'correct': {
        const known = this.items.get(wish.item)!;
        known.now = { ...known.now, ...wish.changes };
        return;
      }
      case 'withdraw':
        this.items.get(wish.item)!.status = 'withdrawn';
        return;
      case 'answer':
        for (const answer of wish.answers) this.answers.set(answer.id, answer);
        return;
      case 'state-cost': {
        const { branch, month, category } = wish.cost;
        this.costs.set(`${branch} ${month} ${category}`, wish.cost);
        return;
      }
      case 'configure':
        this.windowMonths = wish.windowMonths;
    }
  }

  /** Records that an item was sent, so that it may be stored from now on. */
  asked(item: Item): KnownItem {
    let known = this.items.get(item.number);
    if (!known) {
      known = { item, now: item, status: 'recorded', acknowledged: false };
      this.items.set(item.number, known);
    }
    return known;
  }

  /** The ids of people by their cards. */
  owners(): ReadonlyMap<string, string> {
    return new Map(
      [...this.people.values()].flatMap(({ id, cards }) => [...cards].map((card) => [card, id])),
    );
  }
}
