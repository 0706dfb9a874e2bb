import { setTimeout as pause } from 'node:timers/promises';
import { jobBackoffMs } from './job-queue.js';

const firstPauseMs = 200;

/**
 * For the adapters of `JobQueue`: writes how a job ended, again and again while the store refuses. What is refused after
 * the signal was aborted is given up and thrown: the job is begun again later.
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
      // An abort ends the pause, and leaves one try.
      await pause(jobBackoffMs(tries, firstPauseMs), undefined, { signal }).catch(() => undefined);
    }
  }
}
