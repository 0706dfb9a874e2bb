import { Refusal, type Mark, type Marks, type ReadModels } from '@readership/kernel';
import { eventually } from './eventually.js';

/** The position of a write, as the client holds it. */
interface PlaceOfWrite {
  readonly context: string;
  /** For each partition, the last position taken and the last position that publishes a fact. */
  readonly partitions: readonly (readonly [partition: number, taken: number, published: number])[];
}

const waitMs = 5000;

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

/** Implements `?after=`, with which a client reads its own write. One per context. */
export class AppliedWait {
  constructor(
    private readonly context: string,
    private readonly readModels: ReadModels,
  ) {}

  /**
   * Resolves once these models have applied everything up to `after`: models over the context's own events up to the
   * position taken, models over published facts up to the position published. Throws `NOT_YET_APPLIED` after 5 s, and
   * `BAD_POSITION` when `after` is not a position.
   */
  async until(
    after: string | undefined,
    models: { readonly own?: readonly string[]; readonly published?: readonly string[] },
  ): Promise<void> {
    if (after === undefined) return;
    const place = placeOf(after);
    if (place.partitions.some(([partition]) => partition >= this.readModels.partitions)) {
      throw new Refusal(
        'BAD_POSITION',
        'invalid',
        'This position names a partition that does not exist here.',
      );
    }
    // Another context's events never reach a model over this context's own events.
    const own = place.context === this.context ? (models.own ?? []) : [];
    const applied = await eventually(async () => {
      for (const [partition, taken, published] of place.partitions) {
        for (const model of own) {
          if (!(await this.holds(model, partition, place.context, taken))) return null;
        }
        for (const model of models.published ?? []) {
          if (!(await this.holds(model, partition, place.context, published))) return null;
        }
      }
      return true;
    }, waitMs);
    if (!applied) {
      throw new Refusal(
        'NOT_YET_APPLIED',
        'not-yet',
        'Your write is recorded, but the answer does not include it yet: try again.',
      );
    }
  }

  private async holds(model: string, partition: number, context: string, position: number): Promise<boolean> {
    if (position === 0) return true;
    const { lanes } = await this.readModels.checkpoint(model, partition);
    return (lanes[context] ?? 0) >= position;
  }
}
