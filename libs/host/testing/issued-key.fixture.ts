import type { Adapters } from '@readership/kernel';
import { randomUUID } from 'node:crypto';
import { ApiKeys } from '../src/access/api-keys.js';
import type { Grant } from '../src/access/principal.js';
import type { Secrets } from '../src/secrets.js';

/** Issues an API key for these grants, whatever they name, and returns its text. Send it as the `key` of a request. */
export async function issuedKey(
  { secrets }: { readonly secrets: Secrets },
  { access }: Adapters,
  grants: readonly Grant[],
): Promise<string> {
  const asked = { name: 'Key of a test', grants, expiresOn: null, expiresAt: null };
  const command = { commandId: randomUUID(), at: new Date().toISOString() };
  return (await new ApiKeys(access, secrets).issue(asked, command)).text!;
}
