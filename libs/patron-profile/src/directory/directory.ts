import { Inject, Injectable } from '@nestjs/common';
import { dayOf, eventually, waitingOnce, type BranchLibraries, type UnknownOf } from '@readership/host';
import { EventStore, fold, Refusal } from '@readership/kernel';
import { Temporal } from 'temporal-polyfill';
import { branch } from './branch.decider.js';
import { consortium } from './consortium.decider.js';
import type { PatronLookup } from './directory.events.js';
import { library } from './library.decider.js';

/** Id of the one consortium of a deployment. */
export const consortiumId = 'main';

/** Texts of later instants are longer, and could not be compared. */
const lastInstantMs = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** The last days of closed branches, by branch. */
export type LastDays = ReadonlyMap<string, string>;

/** What commands need to know of the consortium, its libraries and branches. */
@Injectable()
export class ConsortiumDirectory implements BranchLibraries {
  constructor(@Inject(EventStore) private readonly store: EventStore) {}

  /** The day of an instant in the consortium's time zone; in UTC until one is set. */
  async dayOf(instant: string): Promise<string> {
    return dayOf(instant, await this.timeZone());
  }

  /** The instant (RFC 3339 in UTC) at which a day ends in the consortium's time zone; in UTC until one is set. */
  async endOfDay(day: string): Promise<string> {
    const { epochMilliseconds } = Temporal.PlainDate.from(day)
      .add({ days: 1 })
      .toZonedDateTime(await this.timeZone());
    return new Date(Math.min(epochMilliseconds, lastInstantMs)).toISOString();
  }

  /** Throws `UNKNOWN_LIBRARY` when the library does not appear within two seconds. */
  async expectLibrary(id: string, pointer = '/library'): Promise<void> {
    const known = await eventually(async () => (await fold(this.store, library, id)).state);
    if (known === null) {
      throw new Refusal(
        'UNKNOWN_LIBRARY',
        'invalid',
        'There is no library with this id: give one that GET /v1/libraries lists, or add it first.',
        pointer,
      );
    }
  }

  /** Throws `UNKNOWN_BRANCH` when the branch does not appear within two seconds. */
  async expectBranch(id: string, pointer = '/homeBranch'): Promise<void> {
    if ((await this.unknownBranches()([id])).size > 0) throw noSuchBranch(pointer);
  }

  async librariesOf(ids: Iterable<string>): Promise<ReadonlyMap<string, string>> {
    const libraries = new Map<string, string>();
    for (const id of new Set(ids)) {
      const { state } = await fold(this.store, branch, id);
      if (state !== null) libraries.set(id, state.now.library);
    }
    return libraries;
  }

  /** The last days of those of these branches that have one, by branch. */
  async lastDays(ids: Iterable<string>): Promise<LastDays> {
    const lastDays = new Map<string, string>();
    for (const id of new Set(ids)) {
      const { state } = await fold(this.store, branch, id);
      if (state?.now.closedOn !== undefined) lastDays.set(id, state.now.closedOn);
    }
    return lastDays;
  }

  /** Returns a function for one request that says which branches are unknown. It waits for the directory once. */
  unknownBranches(): UnknownOf {
    return waitingOnce((ids) => this.unknownOf(ids));
  }

  /** Where searching finds patrons; everywhere until something else is set. */
  async patronLookup(): Promise<PatronLookup> {
    const { state } = await fold(this.store, consortium, consortiumId);
    return state?.patronLookup ?? 'consortium';
  }

  private async timeZone(): Promise<string> {
    const { state } = await fold(this.store, consortium, consortiumId);
    return state?.timeZone ?? 'UTC';
  }

  private async unknownOf(ids: Iterable<string>): Promise<ReadonlySet<string>> {
    const unknown = new Set<string>();
    for (const id of ids) {
      if ((await fold(this.store, branch, id)).state === null) unknown.add(id);
    }
    return unknown;
  }
}

export function noSuchBranch(pointer = '/homeBranch'): Refusal {
  return new Refusal(
    'UNKNOWN_BRANCH',
    'invalid',
    'There is no branch with this id: give one that GET /v1/branches lists, or add it first.',
    pointer,
  );
}
