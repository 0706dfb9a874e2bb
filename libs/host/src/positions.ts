import {
  Refusal,
  type Checkpoint,
  type Mark,
  type Marks,
  type ReadModels,
  type WakeUp,
} from '@readership/kernel';

/** The position of a write, as the client holds it. */
interface PlaceOfWrite {
  readonly context: string;
  /** For each partition, the last position taken and the last position that publishes a fact. */
  readonly partitions: readonly (readonly [partition: number, taken: number, published: number])[];
}

const waitMs = 5000;
/** A list without `after` waits this long for its asker's own last write. */
const ownWriteWaitMs = 1000;
/** Pauses between two looks at the store. */
const lookPauseMs = { first: 10, most: 500 } as const;

/** The value of `Readership-Position`, opaque to clients. */
export function positionToken(context: string, marks: NonNullable<Marks>): string {
  const p = Object.fromEntries(
    Object.entries(marks).map(([partition, { taken, published }]) => [partition, [taken, published]]),
  );
  return Buffer.from(JSON.stringify({ c: context, p })).toString('base64url');
}

/**
 * Joins the marks of several writes of one context into the furthest of each partition. `null` when one of them is not
 * known.
 */
export function joinMarks(...all: Marks[]): Marks {
  const joined: Record<number, Mark> = {};
  for (const marks of all) {
    if (marks === null) return null;
    for (const [partition, { taken, published }] of Object.entries(marks)) {
      const known = joined[Number(partition)];
      joined[Number(partition)] = {
        taken: Math.max(taken, known?.taken ?? 0),
        published: Math.max(published, known?.published ?? 0),
      };
    }
  }
  return joined;
}

function placeOf(token: string): PlaceOfWrite {
  const bad = (): Refusal =>
    new Refusal('BAD_POSITION', 'invalid', 'Set after to the Readership-Position of a write, unchanged.');
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(token, 'base64url').toString());
  } catch {
    throw bad();
  }
  if (typeof value !== 'object' || value === null) throw bad();
  const { c, p } = value as { c?: unknown; p?: unknown };
  if (typeof c !== 'string' || typeof p !== 'object' || p === null || Array.isArray(p)) throw bad();
  const partitions = Object.entries(p).map(([partition, marks]) => {
    const [taken, published] = Array.isArray(marks) ? (marks as unknown[]) : [];
    const numbers = [Number(partition), taken, published] as const;
    if (!numbers.every((n) => Number.isSafeInteger(n) && (n as number) >= 0)) throw bad();
    return numbers as readonly [number, number, number];
  });
  return { context: c, partitions };
}

/** What the processors of this process know, without asking the store, of how far a context's models have come. */
export interface KnownCheckpoints {
  /** The checkpoint of a model's partition; `null` when no processor of this process works on it now. */
  known(model: string, partition: number): Checkpoint | null;
  /** Wakes whenever `known` may answer otherwise. */
  readonly moved: WakeUp;
}

/** What a read waits for, as `Readership-Position`s. */
export interface WaitedFor {
  /** What the request demands. */
  readonly after?: string | undefined;
  /** What the sender wrote last. Counts only without `after`. */
  readonly ownWrite?: string | undefined;
}

/** What a model must have applied before a read sees a write. */
interface Goal {
  readonly model: string;
  readonly partition: number;
  readonly position: number;
}

/**
 * Implements `?after=`, with which a client reads its own write. One per context. It waits for the processors of this
 * process. A partition that another process works on is looked up in the store, with growing pauses.
 */
export class AppliedWait {
  constructor(
    private readonly context: string,
    private readonly readModels: ReadModels,
    private readonly processors: KnownCheckpoints,
  ) {}

  /**
   * Resolves once these models have applied everything up to `after`: models over the context's own events up to the
   * position taken, models over published facts up to the position published. Throws `NOT_YET_APPLIED` after 5 s, and
   * `BAD_POSITION` when `after` is not a position. Waits for `ownWrite` for a second at most, and never throws for it.
   */
  async until(
    { after, ownWrite }: WaitedFor,
    models: { readonly own?: readonly string[]; readonly published?: readonly string[] },
  ): Promise<void> {
    const position = after ?? ownWrite;
    if (position === undefined) return;
    const place = placeOf(position);
    if (place.partitions.some(([partition]) => partition >= this.readModels.partitions)) {
      throw new Refusal(
        'BAD_POSITION',
        'invalid',
        'This position names a partition that does not exist here.',
      );
    }
    // Another context's events never reach a model over this context's own events.
    const own = place.context === this.context ? (models.own ?? []) : [];
    const goals = place.partitions
      .flatMap(([partition, taken, published]) => [
        ...own.map((model): Goal => ({ model, partition, position: taken })),
        ...(models.published ?? []).map((model): Goal => ({ model, partition, position: published })),
      ])
      .filter(({ position }) => position > 0);
    const inTime = await this.reached(place.context, goals, after === undefined ? ownWriteWaitMs : waitMs);
    if (!inTime && after !== undefined) {
      throw new Refusal(
        'NOT_YET_APPLIED',
        'not-yet',
        'Your write is recorded, but the answer does not include it yet: try again.',
      );
    }
  }

  /** Resolves to false when the time is over. */
  private async reached(context: string, goals: readonly Goal[], withinMs: number): Promise<boolean> {
    const isAt = ({ lanes }: Checkpoint, { position }: Goal): boolean => (lanes[context] ?? 0) >= position;
    const { moved } = this.processors;
    const waiting = new Set(goals);
    const deadline = performance.now() + withinMs;
    let pauseMs: number = lookPauseMs.first;
    let nextLook = 0;
    for (;;) {
      const seen = moved.count;
      const elsewhere: Goal[] = [];
      for (const goal of waiting) {
        const known = this.processors.known(goal.model, goal.partition);
        if (known === null) elsewhere.push(goal);
        else if (isAt(known, goal)) waiting.delete(goal);
      }
      const now = performance.now();
      const isOver = now >= deadline;
      if (isOver || (elsewhere.length > 0 && now >= nextLook)) {
        // A process can lose a partition without knowing it yet, so the store has the last word.
        for (const goal of isOver ? [...waiting] : elsewhere) {
          if (!isAt(await this.readModels.checkpoint(goal.model, goal.partition), goal)) break;
          waiting.delete(goal);
        }
        nextLook = performance.now() + pauseMs;
        pauseMs = Math.min(pauseMs * 2, lookPauseMs.most);
      }
      if (waiting.size === 0) return true;
      if (isOver) return false;
      const next = elsewhere.length > 0 ? Math.min(nextLook, deadline) : deadline;
      await moved.after(seen, undefined, Math.max(0, next - performance.now()));
    }
  }
}
