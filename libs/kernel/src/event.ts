/** What every event is: an explicit stored type, JSON data, and perhaps a personal part that can be forgotten. */
export interface AnyEvent {
  readonly type: string;
  readonly data: object;
  /** Encrypted at rest; `null` when it cannot be decrypted (any more). Absent on events without personal data. */
  readonly personal?: object | null;
}

/** A fact in the past tense; `data` is plain JSON without personal data or free text. */
export interface Event<Type extends string, Data extends object> {
  readonly type: Type;
  readonly data: Data;
}

/** A fact that also carries personal data or free text, sealed under the key of a subject (see `Publication`). */
export interface PersonalEvent<
  Type extends string,
  Data extends object,
  Personal extends object,
> extends Event<Type, Data> {
  readonly personal: Personal | null;
}

/** The published body of an event: what other contexts may know of it. Never personal data, never free text. */
export interface Fact {
  readonly type: string;
  /** Schema version of `data`, from 1. */
  readonly schema: number;
  readonly data: object;
  /** When it happened (RFC 3339); absent: when it was recorded. */
  readonly time?: string;
}

/** What is decided about a private event at append, and stored with it for ever. */
export interface Publication {
  /** Whom or what the event is about: gives its partition, and its row in every projection. */
  readonly key: string;
  /** Whose data key seals the personal part; the stream's own when absent. */
  readonly subject?: string;
  /** The published body, or `null`: known to this context alone. */
  readonly fact: Fact | null;
}

/** A context's `publish.ts`: pure, run once per event, at append. */
export type Publish<E extends AnyEvent = AnyEvent> = (event: E, stream: string) => Publication;

/** Who asks for a commit, and when. Time and ids arrive from outside; nothing below reads a clock. */
export interface Meta {
  /** UUID of the command; the same id again is the same request. */
  readonly commandId: string;
  /** RFC 3339 UTC, when it is recorded. */
  readonly at: string;
  /** A role, key id or reaction: never a person's name. */
  readonly actor: string;
  readonly correlationId?: string;
  readonly causationId?: string;
  /** W3C trace context of what asked for it: `00-<trace>-<span>-<flags>`. */
  readonly traceparent?: string;
}

/**
 * A place in the order of one context and partition: a safe integer, final, increasing, from 1. 0 is before everything.
 * Positions compare; the distance between two means nothing.
 */
export type Position = number;

/** Where an event stands. */
export interface Envelope {
  /** UUIDv7. */
  readonly id: string;
  readonly stream: string;
  /** Of the stream, dense, from 1. */
  readonly version: number;
  readonly key: string;
  readonly partition: number;
  readonly position: Position;
  /** When it happened, RFC 3339. */
  readonly time: string;
  /** When it was recorded, RFC 3339 UTC. */
  readonly recordedAt: string;
  readonly commandId: string;
  readonly actor: string;
  readonly correlationId?: string;
  readonly causationId?: string;
  readonly traceparent?: string;
}

/** A private event as its own context reads it back. */
export type Stored<E extends AnyEvent = AnyEvent> = E & Envelope & { readonly fact: Fact | null };

/** What a relay needs of a private event: where it stands and what it publishes; neither data nor personal part. */
export type OutboxEntry = Envelope & {
  readonly fact: Fact | null;
  /** Its own bytes do not parse: the fact, if there is one, only says so. */
  readonly damaged?: true;
};

/** A published fact as any context reads it from the log. `F` is one of the event types in contracts. */
export type Published<F extends { readonly type: string; readonly data: object }> = F &
  Pick<
    Envelope,
    'id' | 'stream' | 'key' | 'partition' | 'position' | 'time' | 'recordedAt' | 'actor' | 'traceparent'
  > & {
    readonly context: string;
  };

export const limits = {
  eventsPerCommitMax: 100,
  commitBytesMax: 4 * 1024 * 1024,
  /** Of one private or published body, encoded. */
  bodyBytesMax: 64 * 1024,
} as const;
