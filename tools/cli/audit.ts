import type { ReadershipClient } from '@readership/client';

/** One service's own account, as `GET /v1/audit/log` answers (PROTOCOL §6). */
export interface Account {
  readonly context: string;
  readonly partitions: readonly {
    readonly partition: number;
    readonly recorded: number;
    readonly published: number;
    readonly privateOnly: number;
    readonly unpublished: number;
  }[];
  readonly projections: readonly {
    readonly name: string;
    readonly partition: number;
    readonly published: number;
    readonly applied: number;
    readonly skipped: number;
    readonly parked: number;
    readonly lag: number;
  }[];
  readonly holds: boolean;
}

export const contexts = ['patron-profile', 'interaction-log', 'feedback', 'analytics'] as const;

/** What does not add up in the accounts of all services, one sentence each; empty when everything is accounted for. */
export function inequalities(accounts: readonly Account[]): string[] {
  const found: string[] = [];
  for (const { context, partitions, projections } of accounts) {
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
  }
  return found;
}

/** Asks every service and joins the answers; with `waitMs` it asks again until all is published and applied. */
export async function audit(
  client: ReadershipClient,
  waitMs: number,
): Promise<{ accounts: Account[]; found: string[] }> {
  const until = Date.now() + waitMs;
  for (;;) {
    const accounts: Account[] = [];
    for (const context of contexts) {
      accounts.push((await client.send<Account>('GET', `/v1/audit/log?context=${context}`)).body);
    }
    const found = inequalities(accounts);
    if (found.length === 0 || Date.now() >= until) return { accounts, found };
    await new Promise((resume) => setTimeout(resume, 250));
  }
}
