import { waitForAccounts, type ContextAudit, type ReadershipClient } from '@readership/client';

/** What does not add up in the accounts of all services, one sentence each; empty when everything does. */
export function unequal(accounts: readonly ContextAudit[]): string[] {
  const found: string[] = [];
  for (const { context, partitions, projections } of accounts) {
    for (const { partition, recorded, published, privateOnly, unpublished } of partitions) {
      if (recorded === published + privateOnly + unpublished) continue;
      found.push(
        `${context}/${partition}: recorded ${recorded} ≠ published ${published} + private ${privateOnly} + unpublished ${unpublished}`,
      );
    }
    for (const { name, partition, published, applied, skipped, parked, lag } of projections) {
      if (published === applied + skipped + parked + lag) continue;
      found.push(
        `${context}/${name}/${partition}: published ${published} ≠ applied ${applied} + skipped ${skipped} + parked ${parked} + lag ${lag}`,
      );
    }
  }
  return found;
}

/** What is accounted for and not everywhere yet, one sentence each. */
export function behind(accounts: readonly ContextAudit[]): string[] {
  return accounts.flatMap(({ context, partitions, projections, jobs }) => [
    ...partitions
      .filter(({ unpublished }) => unpublished !== 0)
      .map(({ partition, unpublished }) => `${context}/${partition}: ${unpublished} not published yet`),
    ...projections
      .filter(({ lag }) => lag !== 0)
      .map(({ name, partition, lag }) => `${context}/${name}/${partition}: ${lag} behind`),
    ...(jobs === 0 ? [] : [`${context}: ${jobs} jobs have not ended`]),
  ]);
}

/** What an audit finds: both what does not add up and what is behind. */
export function inequalities(accounts: readonly ContextAudit[]): string[] {
  return [...unequal(accounts), ...behind(accounts)];
}

/** The last line of an audit. */
export function verdict(accounts: readonly ContextAudit[]): string {
  const wrong = unequal(accounts).length;
  if (wrong > 0) return `${wrong} ${wrong === 1 ? 'account does' : 'accounts do'} not hold.`;
  if (behind(accounts).length === 0) return 'Every event is accounted for.';
  return 'Nothing is missing, but not everything is applied yet: ask again, or wait longer with --wait 60.';
}

/** Asks every service and joins the answers. With `waitMs` it asks again until everything is published and applied. */
export async function audit(
  client: ReadershipClient,
  waitMs: number,
): Promise<{ readonly accounts: readonly ContextAudit[]; readonly found: readonly string[] }> {
  const accounts = await waitForAccounts(client, waitMs, (now) => inequalities(now).length === 0);
  return { accounts, found: inequalities(accounts) };
}
