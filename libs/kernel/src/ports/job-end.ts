import { setTimeout as pause } from 'node:timers/promises';
import { jobBackoffMs } from './job-queue.js';

const firstPauseMs = 200;

/**
 * Writes how a job ended, and tries again while the store refuses. For adapters of `JobQueue`. After the signal is
 * aborted it makes one more try and rejects with that error; the job begins again later.
 */
export async function writeJobEnd<T>(
  write: () => Promise<T>,
  signal: AbortSignal,
  failed: (error: unknown) => void,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    const isLast = signal.aborted;
    try {
      return await write();
    } catch (error) {
      failed(error);
      if (isLast) throw error;
      // An abort ends the pause and leaves one try.
      await pause(jobBackoffMs(tries, firstPauseMs), undefined, { signal }).catch(() => undefined);
    }
  }
}
