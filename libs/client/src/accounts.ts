import { contextNames } from '@readership/contracts';
import type { ReadershipClient } from './readership-client.js';

export interface PartitionAccount {
  readonly partition: number;
  readonly recorded: number;
  readonly published: number;
  readonly privateOnly: number;
  readonly unpublished: number;
}

export interface ProjectionAccount {
  readonly name: string;
  readonly partition: number;
  readonly published: number;
  readonly applied: number;
  readonly skipped: number;
  readonly parked: number;
  readonly lag: number;
}

/** The account of one context, as `GET /v1/audit/log` answers it. Each number comes from its own source. */
export interface ContextAudit {
  readonly context: string;
  readonly partitions: readonly PartitionAccount[];
  readonly projections: readonly ProjectionAccount[];
  /** Jobs that have not ended, whose effects are still to come. */
  readonly jobs: number;
  /** True when the counts agree in every partition and projection. */
  readonly holds: boolean;
}

const pauseMs = 250;

/** True when everything recorded is published, every projection has taken everything published, and no job is left. */
export function atRest(accounts: readonly ContextAudit[]): boolean {
  return accounts.every(
    ({ partitions, projections, jobs }) =>
      partitions.every(({ unpublished }) => unpublished === 0) &&
      projections.every(({ lag }) => lag === 0) &&
      jobs === 0,
  );
}

/** Asks every context for its account until `enough` returns true or the time is over. Resolves to the last answers. */
export async function waitForAccounts(
  client: Pick<ReadershipClient, 'send'>,
  withinMs: number,
  enough: (accounts: readonly ContextAudit[]) => boolean,
): Promise<readonly ContextAudit[]> {
  const until = performance.now() + withinMs;
  for (;;) {
    const accounts: ContextAudit[] = [];
    for (const context of contextNames) {
      accounts.push((await client.send<ContextAudit>('GET', `/v1/audit/log?context=${context}`)).body);
    }
    if (enough(accounts) || performance.now() >= until) return accounts;
    await new Promise((resume) => setTimeout(resume, pauseMs));
  }
}
