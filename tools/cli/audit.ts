import { waitForAccounts, type ContextAudit, type ReadershipClient } from '@readership/client';

/** What does not add up in the accounts of all services, one sentence each; empty when everything does. */
export function inequalities(accounts: readonly ContextAudit[]): string[] {
  const found: string[] = [];
  for (const { context, partitions, projections, jobs } of accounts) {
    for (const { partition, recorded, published, privateOnly, unpublished } of partitions) {
      if (recorded !== published + privateOnly + unpublished) {
        found.push(
          `${context}/${partition}: recorded ${recorded} ≠ published ${published} + private ${privateOnly} + unpublished ${unpublished}`,
        );
      }
      if (unpublished !== 0) found.push(`${context}/${partition}: ${unpublished} not published yet`);
    }
    for (const { name, partition, published, applied, skipped, parked, lag } of projections) {
      if (published !== applied + skipped + parked + lag) {
        found.push(
          `${context}/${name}/${partition}: published ${published} ≠ applied ${applied} + skipped ${skipped} + parked ${parked} + lag ${lag}`,
        );
      }
      if (lag !== 0) found.push(`${context}/${name}/${partition}: ${lag} behind`);
    }
    if (jobs !== 0) found.push(`${context}: ${jobs} jobs have not ended`);
  }
  return found;
}

/** Asks every service and joins the answers. With `waitMs` it asks again until everything is published and applied. */
export async function audit(
  client: ReadershipClient,
  waitMs: number,
): Promise<{ readonly accounts: readonly ContextAudit[]; readonly found: readonly string[] }> {
  const accounts = await waitForAccounts(client, waitMs, (now) => inequalities(now).length === 0);
  return { accounts, found: inequalities(accounts) };
}
