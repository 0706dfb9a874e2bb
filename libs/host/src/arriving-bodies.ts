import type { Readable } from 'node:stream';
import { HttpProblem, Unreadable } from './http-problem.js';

/** What a body may be. */
export interface BodyBounds {
  readonly bytesMax: number;
  /** Is given the bytes as they arrive, in order, and throws when the body is refused. */
  readonly count?: (chunk: Buffer) => void;
}

interface Arriving {
  readonly sinceMs: number;
  readonly sender: string;
  end(problem: HttpProblem): void;
}

/** A body that has arrived. */
export interface Arrived {
  readonly bytes: Buffer;
  /** Gives its memory back to the bodies to come. */
  release(): void;
}

const firstBytes = 4096;
/** A body that takes longer than this gives way when there is no room for others. */
const patienceMs = 5000;

/**
 * Receives bodies within a bounded memory, of which one sender gets a part only. A body counts until it is released.
 */
export class ArrivingBodies {
  private bytes = 0;
  /** Oldest first. */
  private readonly arriving = new Set<Arriving>();
  private readonly bySender = new Map<string, number>();
  private readonly ofSenderBytesMax: number;
  private readonly nowMs: () => number;

  /**
   * @param bytesMax memory of all bodies
   * @param options.ofSenderBytesMax memory of the bodies of one sender; no less than all by default
   */
  constructor(
    private readonly bytesMax: number,
    options: { readonly ofSenderBytesMax?: number; readonly nowMs?: () => number } = {},
  ) {
    this.ofSenderBytesMax = options.ofSenderBytesMax ?? bytesMax;
    this.nowMs = options.nowMs ?? (() => performance.now());
  }

  /**
   * Resolves to the body. Rejects with `TOO_LARGE` as soon as it is over its bounds, with `BUSY` when there is no room
   * for it, and with the problem of `endAll`. What still arrives of a refused body is dropped.
   */
  receive(payload: Readable, { bytesMax, count }: BodyBounds, sender = ''): Promise<Arrived> {
    return new Promise((resolve, reject) => {
      let kept = Buffer.alloc(0);
      let length = 0;
      const done = (): void => {
        payload.off('data', take).off('end', arrived).off('error', broken).off('close', broken);
        this.arriving.delete(entry);
      };
      const release = (): void => {
        this.charge(sender, -kept.length);
        kept = Buffer.alloc(0);
      };
      const end = (error: Error): void => {
        done();
        release();
        payload.on('error', () => undefined).resume();
        reject(error);
      };
      const entry: Arriving = { sinceMs: this.nowMs(), sender, end };
      const take = (chunk: Buffer): void => {
        const needed = length + chunk.length;
        if (needed > bytesMax) return end(tooLarge());
        try {
          count?.(chunk);
        } catch (error) {
          return end(error as Error);
        }
        if (needed > kept.length) {
          // One buffer that grows: a body in pieces of a byte each must not cost an object per byte.
          const size = Math.min(bytesMax, Math.max(needed, firstBytes, kept.length * 2));
          if (!this.hasRoom(size - kept.length, entry)) return end(busy());
          const larger = Buffer.allocUnsafeSlow(size);
          kept.copy(larger, 0, 0, length);
          this.charge(sender, size - kept.length);
          kept = larger;
        }
        chunk.copy(kept, length);
        length = needed;
      };
      const arrived = (): void => {
        done();
        resolve({ bytes: kept.subarray(0, length), release });
      };
      const broken = (): void => end(new Unreadable('BODY_CUT_SHORT', 'Send the whole body.'));
      this.arriving.add(entry);
      payload.on('data', take).on('end', arrived).on('error', broken).on('close', broken);
    });
  }

  /** Ends the bodies that are still arriving. */
  endAll(problem: HttpProblem): void {
    for (const { end } of [...this.arriving]) end(problem);
  }

  /** Makes room, if need be at the cost of bodies that take long, of the same sender if it is the sender's part that is full. */
  private hasRoom(more: number, entry: Arriving): boolean {
    for (const oldest of this.arriving) {
      if (this.fits(more, entry.sender) || this.nowMs() - oldest.sinceMs < patienceMs) break;
      const isInTheWay = this.bytes + more > this.bytesMax || oldest.sender === entry.sender;
      if (oldest !== entry && isInTheWay) oldest.end(busy());
    }
    return this.fits(more, entry.sender);
  }

  private fits(more: number, sender: string): boolean {
    const held = this.bySender.get(sender) ?? 0;
    return this.bytes + more <= this.bytesMax && held + more <= this.ofSenderBytesMax;
  }

  /** Counts memory that a sender takes or, when negative, gives back. */
  private charge(sender: string, more: number): void {
    this.bytes += more;
    const held = (this.bySender.get(sender) ?? 0) + more;
    if (held > 0) this.bySender.set(sender, held);
    else this.bySender.delete(sender);
  }
}

export function tooLarge(): HttpProblem {
  return new HttpProblem(413, 'TOO_LARGE', 'The body is larger than this resource accepts.');
}

export function busy(): HttpProblem {
  return new HttpProblem(503, 'BUSY', 'Too many large requests are under way: try again in a moment.', {
    retryAfterS: 1,
  });
}
