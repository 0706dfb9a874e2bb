import { Inject, Injectable } from '@nestjs/common';
import { eventually } from '@readership/host';
import { EventStore, fold, Refusal } from '@readership/kernel';
import { Temporal } from 'temporal-polyfill';
import { branch } from './branch.decider.js';
import { consortium } from './consortium.decider.js';
import { library } from './library.decider.js';

/** Of the one consortium of a deployment. */
export const consortiumId = 'main';

/** What commands must know of the consortium, its libraries and branches. */
@Injectable()
export class ConsortiumDirectory {
  constructor(@Inject(EventStore) private readonly store: EventStore) {}

  /** The day of an instant in the consortium's time zone; UTC until one is set. */
  async dayOf(instant: string): Promise<string> {
    const { state } = await fold(this.store, consortium, consortiumId);
    const zone = state?.timeZone ?? 'UTC';
    return Temporal.Instant.from(instant).toZonedDateTimeISO(zone).toPlainDate().toString();
  }

  /** Throws `UNKNOWN_LIBRARY` when it has not appeared within two seconds. */
  async expectLibrary(id: string, pointer = '/library'): Promise<void> {
    const known = await eventually(async () => (await fold(this.store, library, id)).state);
    if (known === null) {
      throw new Refusal(
        'UNKNOWN_LIBRARY',
        'invalid',
        'There is no library with this id: add it first.',
        pointer,
      );
    }
  }

  /** Throws `UNKNOWN_BRANCH` when it has not appeared within two seconds. */
  async expectBranch(id: string): Promise<void> {
    if ((await this.unknownBranches([id])).size > 0) throw unknownHomeBranch();
  }

  /** Those of the branches that have not appeared within two seconds. */
  async unknownBranches(ids: Iterable<string>): Promise<ReadonlySet<string>> {
    const unknown = new Set(ids);
    await eventually(async () => {
      for (const id of unknown) {
        if ((await fold(this.store, branch, id)).state !== null) unknown.delete(id);
      }
      return unknown.size === 0 ? unknown : null;
    });
    return unknown;
  }
}

export function unknownHomeBranch(): Refusal {
  return new Refusal(
    'UNKNOWN_BRANCH',
    'invalid',
    'There is no branch with this id: add it first.',
    '/homeBranch',
  );
}
