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

/** Receives bodies within a bounded memory. A body counts until it is released. */
export class ArrivingBodies {
  private bytes = 0;
  /** Oldest first. */
  private readonly arriving = new Set<Arriving>();

  constructor(
    private readonly bytesMax: number,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /**
   * Resolves to the body. Rejects with `TOO_LARGE` as soon as it is over its bounds, with `BUSY` when there is no room
   * for it, and with the problem of `endAll`. What still arrives of a refused body is dropped.
   */
  receive(payload: Readable, { bytesMax, count }: BodyBounds): Promise<Arrived> {
    return new Promise((resolve, reject) => {
      let kept = Buffer.alloc(0);
      let length = 0;
      const done = (): void => {
        payload.off('data', take).off('end', arrived).off('error', broken).off('close', broken);
        this.arriving.delete(entry);
      };
      const release = (): void => {
        this.bytes -= kept.length;
        kept = Buffer.alloc(0);
      };
      const end = (error: Error): void => {
        done();
        release();
        payload.on('error', () => undefined).resume();
        reject(error);
      };
      const entry: Arriving = { sinceMs: this.nowMs(), end };
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
          this.bytes += size - kept.length;
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

  /** Makes room, if need be at the cost of bodies that take long. */
  private hasRoom(more: number, entry: Arriving): boolean {
    for (const oldest of this.arriving) {
      if (this.bytes + more <= this.bytesMax) break;
      if (this.nowMs() - oldest.sinceMs < patienceMs) break;
      if (oldest !== entry) oldest.end(busy());
    }
    return this.bytes + more <= this.bytesMax;
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
