import { branches, branchesByLibrary } from '@readership/analytics/testing';
import type { InteractionEvent } from '@readership/client';
import type { ActivityPolicy } from '@readership/contracts';
import { Chance } from '../sim/script.js';

export const timeZone = 'Europe/Berlin';
export const survey = 'chaos-survey';
const kinds = ['loan', 'visit', 'renewal', 'program', 'return'] as const;
const reasons = ['moved', 'not-renewed', 'asked-to-leave'] as const;
const linesPerBatch = 6;
const firstDay = Date.UTC(2023, 0, 1);
const lastDay = Date.UTC(2024, 11, 31);
const dayMs = 86_400_000;

/** A person to be registered. A client identifies people by their first card. */
export interface Registration {
  readonly cards: readonly string[];
  readonly givenName: string;
  readonly familyName: string;
  readonly homeBranch: string;
  readonly enrolledOn?: string;
}

/** An interaction to be recorded. `person` stands for the id that the registration answers. */
export interface Item {
  readonly number: number;
  readonly time: string;
  readonly kind: InteractionEvent['data']['kind'];
  readonly branch: string;
  readonly quantity: number;
  readonly card?: string;
  readonly person?: number;
}

export interface PaperAnswer {
  readonly id: string;
  readonly answeredAt: string;
  readonly branch: string;
  readonly answers: { readonly recommend: number; readonly satisfied: number };
}

export interface StatedCost {
  readonly branch: string;
  readonly month: string;
  readonly category: string;
  readonly amount: { readonly minor: number; readonly currency: string };
}

/** What a client wants. Sent again it is the same request. */
export type Wish =
  | { readonly do: 'register'; readonly person: number; readonly registration: Registration }
  | {
      readonly do: 'move';
      readonly person: number;
      readonly homeBranch: string;
      readonly since: string;
    }
  | { readonly do: 'close'; readonly person: number; readonly reason: string; readonly on: string }
  | { readonly do: 'reopen'; readonly person: number; readonly on: string }
  | { readonly do: 'give-card'; readonly person: number; readonly card: string }
  | {
      readonly do: 'record';
      readonly items: readonly Item[];
      /** Sent once and not waited for, so that its outcome is not known. */
      readonly impatient?: true;
    }
  | {
      readonly do: 'correct';
      readonly item: number;
      readonly changes: Partial<Pick<Item, 'time' | 'kind' | 'branch' | 'quantity'>>;
    }
  | { readonly do: 'withdraw'; readonly item: number }
  | { readonly do: 'answer'; readonly answers: readonly PaperAnswer[] }
  | { readonly do: 'state-cost'; readonly cost: StatedCost }
  | { readonly do: 'configure'; readonly windowMonths: ActivityPolicy['windowMonths'] };

/** The directory, before anything goes wrong. */
export const directory = {
  libraries: Object.keys(branchesByLibrary).map((id) => ({ id, name: `Library ${id}` })),
  branches: Object.entries(branchesByLibrary).flatMap(([library, ids]) =>
    ids.map((id) => ({ id, name: `Branch ${id}`, library, timeZone })),
  ),
  survey: {
    id: survey,
    title: 'How we do',
    language: 'en',
    questions: [
      { id: 'recommend', type: 'nps', text: 'Would you recommend us?' },
      { id: 'satisfied', type: 'csat', text: 'Are you satisfied?' },
    ],
  },
} as const;

export function consortium(windowMonths: ActivityPolicy['windowMonths'], qualifying: readonly string[]) {
  return {
    name: 'Chaos',
    timeZone,
    currency: 'EUR',
    activityPolicy: { qualifying, windowMonths, digital: true },
  };
}

/** Wishes that share a lane are sent one after the other, in their order. All others may overtake each other. */
export function lanesOf(wish: Wish): readonly string[] {
  switch (wish.do) {
    case 'record':
      return wish.items.flatMap(({ number, person }) => [
        `item ${number}`,
        ...(person === undefined ? [] : [`person ${person}`]),
      ]);
    case 'correct':
    case 'withdraw':
      return [`item ${wish.item}`];
    case 'answer':
      return wish.answers.map(({ id }) => `answer ${id}`);
    case 'state-cost':
      return [`cost ${wish.cost.branch} ${wish.cost.month} ${wish.cost.category}`];
    case 'configure':
      return ['consortium'];
    default:
      return [`person ${wish.person}`];
  }
}

/**
 * The given number of wishes. The same seed and number give the same ones. A request that hangs may take effect after a
 * later one, so no wish changes anything back: each one is valid and has no further effect when it comes again.
 */
export function historyOf(seed: number, wishes: number): readonly Wish[] {
  return new Writing(new Chance(seed)).write(wishes);
}

/** What the writer of a history remembers of a person, so that its wishes are valid. */
interface Person {
  readonly number: number;
  readonly cards: string[];
  readonly moves: Set<string>;
  open: boolean;
  /** The day from which it is open or closed. */
  since: string;
}

class Writing {
  private readonly people: Person[] = [];
  /** Cards that were used and belong to nobody yet. */
  private readonly strays: string[] = [];
  private readonly registered: Wish[] = [];
  /** Interactions that later wishes may refer to. */
  private readonly items: Item[] = [];
  private itemsNumbered = 0;
  private readonly corrected = new Set<number>();
  private readonly withdrawn = new Set<number>();
  private readonly answers: PaperAnswer[] = [];
  private cards = 0;
  private costs = 0;
  private configured = false;

  constructor(private readonly chance: Chance) {}

  write(wishes: number): readonly Wish[] {
    const written: Wish[] = [];
    while (written.length < wishes) written.push(this.next(written.length / wishes));
    return written;
  }

  /** `through`: how much of the history is behind. */
  private next(through: number): Wish {
    const { chance } = this;
    const op = chance.int(1, 100);
    const known = this.people.length > 0 ? chance.pick(this.people) : null;
    if (known === null || op <= 8) return this.register();
    if (op <= 11) return this.giveCard(known);
    if (op <= 15) return this.move(known);
    if (op <= 18) return this.closeOrReopen(known);
    if (op <= 24 && this.items.length > 0) return this.changeItem();
    if (op === 25) return chance.pick(this.registered);
    if (op <= 27 && this.items.length > 0) return { do: 'record', items: [chance.pick(this.items)] };
    if (op <= 31) return this.answer();
    if (op <= 33) return this.stateCost();
    if (through > 0.5 && !this.configured) return this.configure();
    if (op <= 42) {
      const items = Array.from({ length: linesPerBatch }, () => this.item());
      const again = chance.odds(0.3) && this.items.length > 0 ? [chance.pick(this.items)] : [];
      this.items.push(...items);
      return { do: 'record', items: [...items, ...again] };
    }
    const item = this.item();
    if (chance.odds(0.06)) return { do: 'record', items: [item], impatient: true };
    this.items.push(item);
    return { do: 'record', items: [item] };
  }

  private register(): Wish {
    const number = this.people.length;
    const stray = this.strays.length > 0 && this.chance.odds(0.5) ? this.strays.shift()! : null;
    const cards = [stray ?? this.newCard(), ...(this.chance.odds(0.2) ? [this.newCard()] : [])];
    this.people.push({ number, cards: [...cards], moves: new Set(), open: true, since: '2024-01-01' });
    const registered: Wish = {
      do: 'register',
      person: number,
      registration: {
        cards,
        givenName: `Given${number}`,
        familyName: `Family${number}`,
        homeBranch: this.chance.pick(branches),
        ...(this.chance.odds(0.85) ? { enrolledOn: this.day() } : {}),
      },
    };
    this.registered.push(registered);
    return registered;
  }

  private move(person: Person): Wish {
    const since = this.day();
    if (!person.open || person.moves.has(since)) return this.stateCost();
    person.moves.add(since);
    return { do: 'move', person: person.number, homeBranch: this.chance.pick(branches), since };
  }

  private giveCard(person: Person): Wish {
    if (!person.open) return this.stateCost();
    const card = this.strays.shift() ?? this.newCard();
    person.cards.push(card);
    return { do: 'give-card', person: person.number, card };
  }

  /** Closes or reopens a person. Days only increase, so the result does not depend on the days of earlier closures. */
  private closeOrReopen(person: Person): Wish {
    const on = dayOf(Date.parse(person.since) + this.chance.int(1, 60) * dayMs);
    if (on > '2025-12-31') return this.stateCost();
    person.since = on;
    person.open = !person.open;
    if (person.open) return { do: 'reopen', person: person.number, on };
    return { do: 'close', person: person.number, reason: this.chance.pick(reasons), on };
  }

  private changeItem(): Wish {
    const { number } = this.chance.pick(this.items);
    if (this.corrected.has(number) || this.withdrawn.has(number) || this.chance.odds(0.4)) {
      this.withdrawn.add(number);
      return { do: 'withdraw', item: number };
    }
    this.corrected.add(number);
    return {
      do: 'correct',
      item: number,
      changes: {
        time: this.time(),
        ...(this.chance.odds(0.5) ? { kind: this.chance.pick(kinds) } : {}),
        ...(this.chance.odds(0.5) ? { branch: this.chance.pick(branches) } : {}),
      },
    };
  }

  private answer(): Wish {
    const answers = Array.from({ length: this.chance.int(1, 3) }, () => {
      const answer: PaperAnswer = {
        id: `paper ${this.answers.length}`,
        answeredAt: this.time(),
        branch: this.chance.pick(branches),
        answers: { recommend: this.chance.int(0, 10), satisfied: this.chance.int(1, 5) },
      };
      this.answers.push(answer);
      return answer;
    });
    return { do: 'answer', answers };
  }

  private stateCost(): Wish {
    const month = this.day().slice(0, 7);
    return {
      do: 'state-cost',
      cost: {
        branch: this.chance.pick(branches),
        month,
        category: `item ${this.costs++}`,
        amount: { minor: this.chance.int(1, 100_000), currency: 'EUR' },
      },
    };
  }

  private configure(): Wish {
    this.configured = true;
    return { do: 'configure', windowMonths: 6 };
  }

  private item(): Item {
    const by = this.chance.int(1, 100);
    const person = by > 15 && this.people.length > 0 ? this.chance.pick(this.people) : null;
    const whose =
      by <= 5
        ? {}
        : person === null
          ? { card: this.strayCard() }
          : by <= 45
            ? { person: person.number }
            : { card: this.chance.pick(person.cards) };
    return {
      number: this.itemsNumbered++,
      time: this.time(),
      kind: this.chance.pick(kinds),
      branch: this.chance.pick(branches),
      quantity: this.chance.odds(0.1) ? this.chance.int(2, 5) : 1,
      ...whose,
    };
  }

  /** A card of a reader who is not registered yet, or never will be. */
  private strayCard(): string {
    if (this.strays.length < 3) this.strays.push(this.newCard());
    return this.chance.pick(this.strays);
  }

  private newCard(): string {
    return `CHAOS${this.cards++}`;
  }

  private day(): string {
    return this.time().slice(0, 10);
  }

  private time(): string {
    return new Date(
      firstDay + this.chance.int(0, (lastDay - firstDay) / dayMs) * dayMs + this.chance.int(0, 86_399) * 1000,
    ).toISOString();
  }
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
