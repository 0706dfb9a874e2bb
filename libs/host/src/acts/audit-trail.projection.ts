import type { AnyEvent, Projection, Stored } from '@readership/kernel';
import type { AccessData, PatronAccessed } from '../accesses/patron-accessed.events.js';

/**
 * The privileged acts of a context: for each type of event, the fields of its data that name what was acted on. They hold
 * ids and numbers, never personal data or free text. A type whose events are recorded already needs a new version of
 * `auditTrail`.
 */
export type ActTypes = Readonly<Record<string, readonly string[]>>;

/** Ids and numbers of what was acted on. */
export type ActedOn = Readonly<Record<string, unknown>>;

export interface ActRow {
  /** The id of the event. Of one process they increase, so they order what was recorded at one time. */
  readonly id: string;
  readonly kind: string;
  readonly at: string;
  readonly actor: string;
  readonly stream: string;
  readonly of: ActedOn;
}

/** An access in the lists of its patrons. Nothing in it says whose it is: see `AccessData.tags`. */
export interface AccessRow extends Pick<AccessData, 'role' | 'scopes' | 'how' | 'purpose'> {
  readonly at: string;
  readonly by: string;
  readonly tags: readonly string[];
}

export type TrailRow = ActRow | AccessRow;

const latest = 9_999_999_999_999;

export function isAccess(event: AnyEvent): event is PatronAccessed {
  return event.type === 'PatronAccessed';
}

/** The named fields of an event's data, those that it has. */
export function actedOn({ data }: AnyEvent, fields: readonly string[] = []): ActedOn {
  return Object.fromEntries(Object.entries(data).filter(([name]) => fields.includes(name)));
}

/**
 * Accesses of named patrons and privileged acts in one read model, so that an ordinary event costs one look at its type.
 * Accesses are found under `<tag>/`, the newest first; acts under `all/<time>/` and `<type>/<time>/`, the oldest first.
 */
export function auditTrail(acts: ActTypes): Projection<Stored, TrailRow> {
  return {
    name: 'audit-trail',
    version: 1,
    on: ['PatronAccessed', ...Object.keys(acts)],
    overwrites: true,
    key(event) {
      if (!isAccess(event)) return `${event.key}/${event.id}`;
      return event.data.tags === undefined ? null : event.key;
    },
    apply(_row, event) {
      const { id, recordedAt: at, actor, stream } = event;
      if (!isAccess(event)) {
        return { id, kind: event.type, at, actor, stream, of: actedOn(event, acts[event.type]) };
      }
      const { role, scopes, how, purpose, tags = [] } = event.data;
      return { at, by: actor, role, scopes, how, purpose, tags };
    },
    indexes: {
      person: (row) => ('tags' in row ? row.tags.map((tag) => `${tag}/${latest - Date.parse(row.at)}`) : []),
      act: (row) => ('kind' in row ? [`all/${row.at}/${row.id}`, `${row.kind}/${row.at}/${row.id}`] : []),
    },
  };
}
