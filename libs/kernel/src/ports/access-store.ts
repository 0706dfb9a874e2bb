/** A record of the access database, such as an API key. */
export interface AccessRecord {
  readonly id: string;
  /** Rises by one with every `put`, from 1. */
  readonly rev: number;
  /** JSON text. It contains nothing that can be used as a credential, and no personal data in plain text. */
  readonly body: string;
}

/**
 * The access database of a deployment: one for all contexts, apart from their events and from the log, so that every
 * service knows who may do what before it reaches the log. Each method rejects with `Unavailable` when the database
 * cannot be reached.
 */
export abstract class AccessStore {
  /** The record as the last `put` by anybody left it; `null` when there is none. */
  abstract get(id: string): Promise<AccessRecord | null>;

  /**
   * Makes the record, when `before` is 0, or replaces its revision `before`. Resolves to false, and has changed nothing
   * then, when the record has another revision. It is durable, and every service reads it, when this resolves to true.
   */
  abstract put(id: string, before: number, body: string): Promise<boolean>;

  /**
   * Removes exactly this record. Resolves to false, and has changed nothing then, when it has another revision or body,
   * or is gone. The body is compared too, because a record that was made again begins with revision 1 again.
   */
  abstract remove(record: AccessRecord): Promise<boolean>;

  /** The records with the lowest ids above `after`, in the order of their ids, at most `limit`. */
  abstract list(page: { readonly after?: string; readonly limit: number }): Promise<readonly AccessRecord[]>;
}
