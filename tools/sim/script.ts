/** What the clients of one history want, in this order. Days are those on which they ask. */
export type Wish =
  | { readonly do: 'register'; readonly person: number; readonly cards: readonly number[] }
  | { readonly do: 'give-card'; readonly person: number; readonly card: number }
  | { readonly do: 'take-card'; readonly person: number; readonly card: number }
  | { readonly do: 'move'; readonly person: number; readonly branch: string; readonly since: string }
  | { readonly do: 'close'; readonly person: number; readonly on: string }
  | { readonly do: 'reopen'; readonly person: number; readonly on: string }
  | {
      readonly do: 'record';
      readonly item: number;
      readonly card?: number;
      readonly person?: number;
      readonly branch: string;
      readonly kind: 'loan' | 'visit';
      readonly time: string;
    }
  | { readonly do: 'correct'; readonly item: number; readonly time: string; readonly branch: string }
  | { readonly do: 'withdraw'; readonly item: number }
  | { readonly do: 'restore'; readonly item: number };

export const branchIds = ['NORTH', 'SOUTH', 'EAST'] as const;

/** Small seeded generator (mulberry32). */
export function chance(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b1) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export class Chance {
  private readonly random: () => number;

  constructor(seed: number) {
    this.random = chance(seed);
  }

  /** An integer, both ends included. */
  int(from: number, to: number): number {
    return from + Math.floor(this.random() * (to - from + 1));
  }

  odds(of: number): boolean {
    return this.random() < of;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.int(0, from.length - 1)]!;
  }
}

/** When the wish with that index is sent: a day after the one before, so that links of cards have days between them. */
export function askedAt(index: number): string {
  return new Date(Date.UTC(2024, 0, 1, 9) + index * 86_400_000).toISOString();
}

/** 6–20 wishes. Cards are registered before and after interactions with them, and some wishes are sent twice. */
export function scriptOf(chance: Chance): readonly Wish[] {
  const people = chance.int(1, 4);
  const cards = chance.int(1, 5);
  const wishes: Wish[] = [];
  let items = 0;
  const registered: number[] = [];
  const person = () => chance.int(0, people - 1);
  /** Mostly a person who has asked to be registered. */
  const reader = () => (registered.length > 0 && chance.odds(0.9) ? chance.pick(registered) : person());
  const card = () => chance.int(0, cards - 1);
  const day = () => askedAt(chance.int(-200, 20)).slice(0, 10);
  const time = () =>
    new Date(Date.parse(askedAt(chance.int(-40, 22))) + chance.int(0, 80_000) * 1000).toISOString();
  const branch = () => chance.pick(branchIds);
  for (let left = chance.int(6, 20); left > 0; left--) {
    const op = chance.int(1, 100);
    if (op <= 22 || (op <= 51 && registered.length === 0)) {
      const who = person();
      registered.push(who);
      wishes.push({ do: 'register', person: who, cards: [...new Set([card(), card()])] });
    } else if (op <= 30) wishes.push({ do: 'give-card', person: reader(), card: card() });
    else if (op <= 36) wishes.push({ do: 'take-card', person: reader(), card: card() });
    else if (op <= 42) wishes.push({ do: 'move', person: reader(), branch: branch(), since: day() });
    else if (op <= 47) wishes.push({ do: 'close', person: reader(), on: day() });
    else if (op <= 51) wishes.push({ do: 'reopen', person: reader(), on: day() });
    else if (op <= 57 && wishes.length > 0) wishes.push(chance.pick(wishes));
    else if (op <= 64 && items > 0)
      wishes.push({ do: 'correct', item: chance.int(0, items - 1), time: time(), branch: branch() });
    else if (op <= 69 && items > 0)
      wishes.push({ do: chance.odds(0.6) ? 'withdraw' : 'restore', item: chance.int(0, items - 1) });
    else {
      const by = chance.int(1, 10);
      const whose = by <= 7 ? { card: card() } : by <= 9 ? { person: reader() } : {};
      const kind = chance.odds(0.7) ? 'loan' : 'visit';
      wishes.push({ do: 'record', item: items++, ...whose, branch: branch(), kind, time: time() });
    }
  }
  return wishes;
}
