import { Inject, Injectable } from '@nestjs/common';
import { Accesses, type AccessHow, type Reader } from '@readership/host';
import { EventStore, fold, unlessDamaged } from '@readership/kernel';
import { closureOf, heldCards, homeOf, patron, type Patron } from './patron.decider.js';

/** A patron as the front desk sees them. Fields are `null` where nothing is known, or where it was forgotten. */
export interface PatronRecord {
  readonly id: string;
  readonly cards: readonly string[];
  readonly givenName: string | null;
  readonly familyName: string | null;
  readonly email: string | null;
  readonly phone: string | null;
  readonly homeBranch: string;
  readonly category: string | null;
  readonly language: string | null;
  readonly enrolledOn: string | null;
  readonly status: 'open' | 'closed';
  readonly closure?: { readonly reason: string; readonly on: string };
  /** Version of the patron's stream, sent as `ETag`. */
  readonly version: number;
}

/** Reads patrons. Each read is recorded before it is answered. */
@Injectable()
export class PatronRecords {
  constructor(
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(Accesses) private readonly accesses: Accesses,
  ) {}

  /** The patrons in the order of the ids, at most 200. Ids without a registration are left out. */
  async read(ids: readonly string[], how: AccessHow, reader: Reader): Promise<PatronRecord[]> {
    const records: PatronRecord[] = [];
    for (const id of ids) {
      const reading = fold(this.store, patron, id);
      // Among search results, one damaged record must not hide the others.
      const folded = how === 'id' ? await reading : await unlessDamaged(reading);
      const record = folded && recordOf(id, folded.state, folded.version);
      if (record !== null) records.push(record);
    }
    await this.accesses.record(
      reader,
      how,
      records.map(({ id }) => id),
    );
    return records;
  }
}

/** The record of a patron's stream; `null` without a registration. */
export function recordOf(id: string, state: Patron, version: number): PatronRecord | null {
  const known = state.registered;
  if (known === null) return null;
  const closure = closureOf(known);
  return {
    id,
    cards: heldCards(state).flatMap(({ number }) => (number === null ? [] : [number])),
    ...known.contact,
    homeBranch: homeOf(known),
    category: known.category,
    language: known.language,
    enrolledOn: known.enrolledOn,
    status: closure === null ? 'open' : 'closed',
    ...(closure === null ? {} : { closure }),
    version,
  };
}
