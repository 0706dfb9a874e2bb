import { Inject, Injectable } from '@nestjs/common';
import { digest, EventStore, fold } from '@readership/kernel';
import { source, type KnownSource } from './source.decider.js';

const atOnce = 50;

/** The stream id of a source, which is a digest because names may be longer than stream names. */
export function sourceId(name: string): string {
  return digest(name);
}

@Injectable()
export class AllowedSources {
  constructor(@Inject(EventStore) private readonly store: EventStore) {}

  /**
   * Those of the sources that may speak for a branch. Read from their own streams, so that a recent change counts
   * already.
   */
  async allowed(names: Iterable<string>): Promise<ReadonlyMap<string, KnownSource>> {
    const allowed = new Map<string, KnownSource>();
    const distinct = [...new Set(names)];
    for (let from = 0; from < distinct.length; from += atOnce) {
      const folded = await Promise.all(
        distinct.slice(from, from + atOnce).map((name) => fold(this.store, source, sourceId(name))),
      );
      for (const { state } of folded) if (state.status === 'allowed') allowed.set(state.source, state);
    }
    return allowed;
  }
}
