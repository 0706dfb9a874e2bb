import type { LogRecord } from '@readership/kernel';

/** The context name of injected records, which no service publishes. */
export const injectedContext = 'chaos';

/** The records as a consumer must see them: each position of a context once. */
export function firstOccurrences(records: readonly LogRecord[]): readonly LogRecord[] {
  const seen = new Set<string>();
  return records.filter(({ context, position }) => {
    const known = seen.has(`${context} ${position}`);
    seen.add(`${context} ${position}`);
    return !known;
  });
}
