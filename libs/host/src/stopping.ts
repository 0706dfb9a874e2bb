import type { OnModuleDestroy } from '@nestjs/common';
import { setTimeout as pause } from 'node:timers/promises';

/** True once the application has begun to stop. From then on new requests are refused, so that they go elsewhere. */
export class Stopping implements OnModuleDestroy {
  begun = false;
  private readonly listeners: (() => void)[] = [];

  onBegin(listener: () => void): void {
    this.listeners.push(listener);
  }

  onModuleDestroy(): void {
    this.begun = true;
    for (const listener of this.listeners) listener();
  }
}

/** Resolves to true when the work has ended in time, and to false as soon as it is late. Rejects as the work does. */
export async function endsWithin(ms: number, work: Promise<unknown>): Promise<boolean> {
  const over = new AbortController();
  const late = pause(ms, false, { signal: over.signal }).catch(() => false);
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    over.abort();
  }
}
