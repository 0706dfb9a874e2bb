import { Chance } from '../sim/script.js';
import type { ContextName } from '@readership/contracts';

/** Services with two replicas are hit twice as often. */
const processes: readonly { readonly service: ContextName; readonly replica: number }[] = [
  { service: 'interaction-log', replica: 0 },
  { service: 'interaction-log', replica: 1 },
  { service: 'analytics', replica: 0 },
  { service: 'analytics', replica: 1 },
  { service: 'patron-profile', replica: 0 },
  { service: 'feedback', replica: 0 },
];

/** A fault. Everything but an injected record has an end. */
export type Fault =
  /** A process ends at once, or in order, and is started again. */
  | {
      readonly kind: 'kill' | 'terminate';
      readonly service: ContextName;
      readonly replica: number;
      readonly forMs: number;
    }
  /** A process pauses for longer than its session, and then goes on. */
  | {
      readonly kind: 'freeze';
      readonly service: ContextName;
      readonly replica: number;
      readonly forMs: number;
    }
  | { readonly kind: 'broker-kill' | 'store-stop' | 'redis-stop'; readonly forMs: number }
  | { readonly kind: 'redis-flush' }
  /** Requests pass, and their replies do not. */
  | { readonly kind: 'store-replies-lost' | 'broker-replies-lost'; readonly forMs: number }
  /** Records of the topic are sent again. `at` and `count` are shares of what is there. */
  | {
      readonly kind: 'duplicate' | 'replay' | 'reorder';
      readonly partition: number;
      readonly at: number;
      readonly count: number;
    }
  /** A fact that no model can read, and a valid one of its key behind it. Then an operator may deal with both. */
  | { readonly kind: 'poison'; readonly number: number; readonly discarded: boolean }
  /** A record that no relay of ours sent, with or without a value. */
  | { readonly kind: 'foreign' | 'tombstone'; readonly partition: number };

export type FaultKind = Fault['kind'];

export interface Scheduled {
  readonly atMs: number;
  readonly fault: Fault;
}

export interface Schedule {
  readonly faults: readonly Scheduled[];
  /** When the last one has ended. */
  readonly endMs: number;
}

export const faultKinds: readonly FaultKind[] = [
  'kill',
  'freeze',
  'terminate',
  'broker-kill',
  'store-stop',
  'redis-stop',
  'redis-flush',
  'store-replies-lost',
  'broker-replies-lost',
  'duplicate',
  'replay',
  'reorder',
  'poison',
  'foreign',
  'tombstone',
];

const beginMs = 4_000;
/** The pause after a fault of a process or server before its next fault. */
const betweenMs = 1_000;
/** From the end of the last fault to the end of the run. */
const restMs = 5_000;

/** Schedules faults by seed: every kind comes before one comes again, and each ends before the run does. */
export function scheduleOf(
  seed: number,
  options: {
    readonly minutes: number;
    readonly sessionMs: number;
    readonly partitions: number;
    /** Defaults to all kinds. */
    readonly kinds?: readonly FaultKind[];
  },
): Schedule {
  const chance = new Chance(seed ^ 0x5eed);
  const kinds = options.kinds ?? faultKinds;
  const lastMs = options.minutes * 60_000 - restMs;
  const faults: Scheduled[] = [];
  const ends = new Map<string, number>();
  let deck: FaultKind[] = [];
  let endMs = 0;
  for (let nextMs = beginMs; ;) {
    if (deck.length === 0) deck = shuffled(kinds, chance);
    const fault = faultOf(deck.pop()!, chance, faults.length, options);
    const target = targetOf(fault);
    const atMs = Math.max(nextMs, ends.get(target) ?? 0);
    const until = atMs + lengthOf(fault);
    if (until > lastMs) break;
    faults.push({ atMs, fault });
    ends.set(target, until + betweenMs);
    endMs = Math.max(endMs, until);
    // Sometimes one begins while another has not ended.
    nextMs = chance.odds(0.3) ? atMs + chance.int(500, 2_000) : endMs + chance.int(2_000, 6_000);
  }
  return { faults, endMs };
}

/** How long it lasts. An injected record ends at once. */
export function lengthOf(fault: Fault): number {
  return 'forMs' in fault ? fault.forMs : 0;
}

export function describe(fault: Fault): string {
  const { kind, ...how } = fault;
  return [kind, ...Object.entries(how).map(([name, value]) => `${name} ${String(value)}`)].join(' ');
}

function faultOf(
  kind: FaultKind,
  chance: Chance,
  number: number,
  { sessionMs, partitions }: { readonly sessionMs: number; readonly partitions: number },
): Fault {
  switch (kind) {
    case 'kill':
    case 'terminate':
      return { kind, ...chance.pick(processes), forMs: chance.int(500, 5_000) };
    case 'freeze':
      return { kind, ...chance.pick(processes), forMs: sessionMs + chance.int(1_000, 5_000) };
    case 'broker-kill':
    case 'store-stop':
    case 'redis-stop':
      return { kind, forMs: chance.int(2_000, 8_000) };
    case 'redis-flush':
      return { kind };
    case 'store-replies-lost':
    case 'broker-replies-lost':
      return { kind, forMs: chance.int(500, 4_000) };
    case 'duplicate':
    case 'replay':
    case 'reorder':
      return {
        kind,
        partition: chance.int(0, partitions - 1),
        at: chance.int(0, 99) / 100,
        count: chance.int(1, kind === 'duplicate' ? 3 : 60),
      };
    case 'poison':
      return { kind, number, discarded: chance.odds(0.6) };
    case 'foreign':
    case 'tombstone':
      return { kind, partition: chance.int(0, partitions - 1) };
  }
}

/** The process or server that it affects. Two faults never affect one at once. */
export function targetOf(fault: Fault): string {
  switch (fault.kind) {
    case 'kill':
    case 'terminate':
    case 'freeze':
      return `${fault.service} ${fault.replica}`;
    case 'store-stop':
    case 'store-replies-lost':
      return 'mongodb';
    case 'redis-stop':
    case 'redis-flush':
      return 'redis';
    default:
      return 'kafka';
  }
}

function shuffled<T>(list: readonly T[], chance: Chance): T[] {
  const left = [...list];
  const drawn: T[] = [];
  while (left.length > 0) drawn.push(left.splice(chance.int(0, left.length - 1), 1)[0]!);
  return drawn;
}
