/**
 * Why something stored could not be read: the data key is gone; it is damaged or was wrapped by another master key; the
 * sealed text is damaged; the event's own bytes do not parse.
 */
export type UnreadableCause = 'no-key' | 'foreign-key' | 'damaged-part' | 'damaged-event';

/** Counts what one store could not read since it was opened. What is read again counts again. */
export class UnreadableEvents {
  readonly counts: Record<UnreadableCause, number> = {
    'no-key': 0,
    'foreign-key': 0,
    'damaged-part': 0,
    'damaged-event': 0,
  };

  add(cause: UnreadableCause): void {
    this.counts[cause]++;
  }

  /** The causes that were met. */
  get causes(): readonly UnreadableCause[] {
    return (Object.keys(this.counts) as UnreadableCause[]).filter((cause) => this.counts[cause] > 0);
  }
}
