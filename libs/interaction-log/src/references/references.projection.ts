import type { PublishedEvent } from '@readership/contracts';
import type { Projection } from '@readership/kernel';

/** The person of a card from (inclusive; `null`: always) until (exclusive; `null`: still). */
export interface Link {
  readonly personId: string;
  readonly from: string | null;
  readonly until: string | null;
}

/** All that is known of whom a reference means. A reference is a card token or a patron id. */
export interface ReferenceRow {
  readonly links: readonly Link[];
  /** By the person merged away: into whom (`null` when undone), from the highest version told. */
  readonly redirects: Readonly<Record<string, { readonly to: string | null; readonly version: number }>>;
}

type ReferenceFact = PublishedEvent<'CardLinked' | 'CardUnlinked' | 'PersonRedirected'>;

const nothing: ReferenceRow = { links: [], redirects: {} };

/** One row per reference, folded from the facts with its key. */
export const references: Projection<ReferenceFact, ReferenceRow> = {
  name: 'references',
  version: 1,
  on: ['CardLinked', 'CardUnlinked', 'PersonRedirected'],
  key: (event) => event.key,
  apply(row, event) {
    const { links, redirects } = row ?? nothing;
    switch (event.type) {
      case 'CardLinked': {
        const { personId, from = null } = event.data;
        return { links: [...links, { personId, from, until: null }], redirects };
      }
      case 'CardUnlinked': {
        const last = links[links.length - 1];
        if (last === undefined) return row;
        return { links: [...links.slice(0, -1), { ...last, until: event.data.until }], redirects };
      }
      case 'PersonRedirected': {
        const { from, to, version } = event.data;
        if (version <= (redirects[from]?.version ?? 0)) return row;
        return { links, redirects: { ...redirects, [from]: { to, version } } };
      }
    }
  },
};

/** Merges are undone in reverse order, so a chain is never longer than the number of merges in force. */
const redirectsMax = 1_000;

/**
 * Whom a reference means at a time: the person of the link in force then, followed by the redirects from that person;
 * the reference itself when it belongs to nobody. `null` while the known redirects form a circle, which a later one
 * breaks.
 */
export function resolve(
  reference: string,
  time: string,
  row: ReferenceRow | null | undefined,
): string | null {
  if (!row) return reference;
  let person = reference;
  if (row.links.length > 0) {
    const link = row.links.findLast(
      ({ from, until }) => (from === null || from <= time) && (until === null || time < until),
    );
    if (link === undefined) return reference;
    person = link.personId;
  }
  for (let followed = 0; followed < redirectsMax; followed++) {
    const to = row.redirects[person]?.to ?? null;
    if (to === null) return person;
    person = to;
  }
  return null;
}
