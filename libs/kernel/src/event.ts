/** What every event has: an explicit stored type, JSON data, and optionally a personal part that can be forgotten. */
export interface AnyEvent {
  readonly type: string;
  readonly data: object;
  /**
   * Encrypted at rest. `null` when it cannot be decrypted, for example because its key was destroyed. Absent on events
   * without personal data.
   */
  readonly personal?: object | null;
}

/** A fact in the past tense. `data` is plain JSON without personal data or free text. */
export interface Event<Type extends string, Data extends object> {
  readonly type: Type;
  readonly data: Data;
}

/** A fact that also carries personal data or free text, sealed with the data key of a subject (see `Publication`). */
export interface PersonalEvent<
  Type extends string,
  Data extends object,
  Personal extends object,
> extends Event<Type, Data> {
  readonly personal: Personal | null;
}

/** The published body of an event: the part that other contexts may read. It never holds personal data or free text. */
export interface Fact {
  readonly type: string;
  /** Schema version of `data`, counted from 1. */
  readonly schema: number;
  readonly data: object;
  /** When it happened (RFC 3339). Defaults to the time it was recorded. */
  readonly time?: string;
}

/** What `publish` decides about a private event at append. It is stored with the event and never changes. */
export interface Publication {
  /** Whom or what the event is about. It determines the partition, and the row of every projection. */
  readonly key: string;
  /** The subject whose data key seals the personal part. Defaults to the stream. */
  readonly subject?: string;
  /** The published body. `null` when only this context may know the event. */
  readonly fact: Fact | null;
}

/** A context's `publish.ts`. Pure; runs once per event, at append. */
export type Publish<E extends AnyEvent = AnyEvent> = (event: E, stream: string) => Publication;

/** Who asks for a commit, and when. Time and ids come from the caller: the write side reads no clock. */
export interface Meta {
  /** UUID of the command. The same id again is the same request. */
  readonly commandId: string;
  /** When the commit is recorded, RFC 3339 UTC. */
  readonly at: string;
  /** A role, a key id or the name of a reaction. Never a person's name. */
  readonly actor: string;
  readonly correlationId?: string;
  readonly causationId?: string;
  /** W3C trace context of the request that led to this commit: `00-<trace>-<span>-<flags>`. */
  readonly traceparent?: string;
}

/**
 * A place in the order of one context and partition: a safe integer from 1 that increases and never changes. 0 is
 * before everything. Positions can be compared, but the distance between two has no meaning.
 */
export type Position = number;

/** Identity, place and origin of a stored event. */
export interface Envelope {
  /** UUIDv7. */
  readonly id: string;
  readonly stream: string;
  /** Version of the stream with this event: 1, 2, 3, … without gaps. */
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

/** A private event as its own context reads it from the store. */
export type Stored<E extends AnyEvent = AnyEvent> = E & Envelope & { readonly fact: Fact | null };

/**
 * The part of a private event that a relay needs: its envelope and the fact it publishes. It has no data and no
 * personal part.
 */
export type OutboxEntry = Envelope & {
  readonly fact: Fact | null;
  /** The stored bytes of the event do not parse. If it has a fact, that fact only says so. */
  readonly damaged?: true;
};

/** A published fact as any context reads it from the log. `F` is one of the event types of contracts. */
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
  /** Size of one private or published body, encoded. */
  bodyBytesMax: 64 * 1024,
} as const;
