/**
 * Why somebody opens what belongs to a patron. A request says it with `Readership-Purpose`; each route has a default. They
 * are codes, because a free text would be readable on disk.
 */
export const purposes = [
  'service',
  'correction',
  'feedback',
  'privacy-request',
  'complaint',
  'incident',
  'support',
] as const;

export type Purpose = (typeof purposes)[number];

export function isPurpose(text: string): text is Purpose {
  return (purposes as readonly string[]).includes(text);
}
