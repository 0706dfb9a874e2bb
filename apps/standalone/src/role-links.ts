import type { ReadershipClient } from '@readership/client';
import { keepSampleKeys, keptSampleKeys, type Config } from '@readership/host';
import { roleKeys } from '@readership/sample';

/**
 * Issues an API key for each role of the sample that has none yet, and keeps it with the other keys. Resolves to a line
 * for each new one: whom it belongs to, and the link that opens the page with it.
 */
export async function newRoleLinks(
  config: Config,
  client: ReadershipClient,
  url: string,
): Promise<readonly string[]> {
  const lines: string[] = [];
  const width = Math.max(...Object.values(roleKeys).map(({ name }) => name.length));
  let kept = keptSampleKeys(config);
  for (const [role, { name, scopes }] of Object.entries(roleKeys)) {
    if (kept[role] !== undefined) continue;
    const { body } = await client.send<{ key: string }>('POST', '/v1/api-keys', { name, role, scopes });
    kept = { ...kept, [role]: body.key };
    keepSampleKeys(config, kept);
    lines.push(`${name.padEnd(width)}  ${url}/#key=${body.key}`);
  }
  return lines;
}
