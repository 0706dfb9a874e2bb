import { audit } from './audit.js';
import { badInput } from './bad-input.js';
import { corrections } from './corrections.js';
import { costs } from './costs.js';
import { figures } from './figures.js';
import { interactions } from './interactions.js';
import { lateCards } from './late-cards.js';
import { lists } from './lists.js';
import { membership } from './membership.js';
import { consortium, policy, policyOnce } from './policy.js';
import type { Readership } from './readership.js';
import { registration } from './registration.js';
import { surveys } from './surveys.js';
import { testimonials } from './testimonials.js';
import type { Theme } from './theme.js';

/** Configures the consortium as the scenario expects it. */
export async function prepare(readership: Readership): Promise<void> {
  await readership.tell('/v1/consortium', consortium, 'PUT');
  await policyOnce(
    readership,
    ({ timeZone, windowMonths }) => timeZone === consortium.timeZone && windowMonths === 12,
  );
}

/** What a Readership does on any composition, from the first reader to the audit. */
export function scenario(): readonly Theme[] {
  return [
    registration(),
    interactions(),
    lateCards(),
    corrections(),
    membership(),
    surveys(),
    testimonials(),
    costs(),
    lists(),
    figures(),
    policy(),
    badInput(),
    audit(),
  ];
}
