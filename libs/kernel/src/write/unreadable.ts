/**
 * Why stored data could not be read: `no-key`, the data key is gone; `foreign-key`, it is damaged or was wrapped with
 * another master key; `damaged-part`, the sealed text is damaged; `damaged-event`, the event's own bytes do not parse.
 */
export type UnreadableCause = 'no-key' | 'foreign-key' | 'damaged-part' | 'damaged-event';

/** Counts what one store could not read since it was opened. Reading the same thing again counts again. */
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

  /** The causes with a count above 0. */
  get causes(): readonly UnreadableCause[] {
    return (Object.keys(this.counts) as UnreadableCause[]).filter((cause) => this.counts[cause] > 0);
  }
}
