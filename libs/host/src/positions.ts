import { Refusal, type Mark, type Marks, type ReadModels } from '@readership/kernel';
import { eventually } from './eventually.js';

/** A write's place, as the client holds it. */
interface PlaceOfWrite {
  readonly context: string;
  /** By partition: the last position taken, and the last that publishes a fact. */
  readonly partitions: readonly (readonly [partition: number, taken: number, published: number])[];
}

const waitMs = 5000;

/** `Readership-Position`: opaque to clients. */
export function positionToken(context: string, marks: NonNullable<Marks>): string {
  const p = Object.fromEntries(
    Object.entries(marks).map(([partition, { taken, published }]) => [partition, [taken, published]]),
  );
  return Buffer.from(JSON.stringify({ c: context, p })).toString('base64url');
}

/** Several writes of one context as one: the furthest of each partition; not known when that of one of them is not. */
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

/** `?after=`: lets a client read its own write. One per context. */
export class AppliedWait {
  constructor(
    private readonly context: string,
    private readonly readModels: ReadModels,
  ) {}

  /**
   * Resolves once these models hold everything up to `after`: those over the context's own events what was taken, those
   * over published facts what is published. `NOT_YET_APPLIED` after 5 s; `BAD_POSITION` when it is none.
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
    // Another context's events never reach a model over this context's own.
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
