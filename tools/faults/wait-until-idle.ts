import type { ActivityPolicy } from '@readership/contracts';
import { setTimeout as pause } from 'node:timers/promises';
import type { ContextAudit } from '@readership/client';
import { contextNames } from '@readership/contracts';
import { inequalities } from '../cli/audit.js';
import type { Client } from './client.js';
import { consortium, directory } from './history.js';
import type { Injector } from './injected.js';
import { itemId, type Ledger } from './ledger.js';

/** After the last fault something must move within this time until everything is published and applied. */
const movesWithinMs = 90_000;
const settlesWithinMs = 600_000;
/** Within this time after that, every answer must include it. */
const servesWithinMs = 180_000;
const asksAtOnce = 8;

/** Records the directory, and waits until every context knows the branch of a first interaction. */
export async function prepare(client: Client, qualifying: ActivityPolicy['qualifying']): Promise<void> {
  await client.demand('PUT', '/v1/consortium', consortium(12, qualifying));
  for (const library of directory.libraries) await client.demand('POST', '/v1/libraries', library);
  for (const branch of directory.branches) await client.demand('POST', '/v1/branches', branch);
  await client.demand('POST', '/v1/surveys', directory.survey);
  await settled(client);
}

interface ParkedPage {
  readonly items: readonly {
    readonly model: string;
    readonly partition: number;
    readonly key: string;
    readonly offset: number;
  }[];
  readonly nextCursor: string | null;
}

async function parkedIn(client: Client, context: string): Promise<ParkedPage['items']> {
  const items: ParkedPage['items'][number][] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const from = cursor === '' ? '' : `&cursor=${cursor}`;
    const page: ParkedPage = await client.read(`/v1/parked?context=${context}${from}`);
    items.push(...page.items);
    cursor = page.nextCursor;
  }
  return items;
}

export async function parkedRecords(client: Client): Promise<number> {
  let count = 0;
  for (const context of contextNames) count += (await parkedIn(client, context)).length;
  return count;
}

/** Gives up what cannot be read, of the keys that are to be mended, and applies what waits behind it. */
export async function operate(client: Client, { poisoned }: Injector): Promise<void> {
  const mended = new Set(poisoned.filter(({ discarded }) => discarded).map(({ key }) => key));
  for (const context of contextNames) {
    const lanes = new Map<string, ParkedPage['items'][number]>();
    for (const item of await parkedIn(client, context)) {
      const lane = `${item.model} ${item.partition} ${item.key}`;
      if (mended.has(item.key) && !lanes.has(lane)) lanes.set(lane, item);
    }
    for (const { model, partition, key, offset } of lanes.values()) {
      await client.demand('POST', `/v1/parked/discard?context=${context}`, { model, partition, key, offset });
      await client.demand('POST', `/v1/parked/replay?context=${context}`, { model, partition, key });
    }
  }
}

/**
 * O7: asks for the accounts until nothing waits anywhere, twice in a row, or nothing moves any more. How long it takes
 * depends on the machine.
 */
export async function settled(client: Client): Promise<readonly ContextAudit[]> {
  const until = Date.now() + settlesWithinMs;
  let moved = { what: '', at: Date.now() };
  let quiet = 0;
  for (;;) {
    const accounts: ContextAudit[] = [];
    for (const context of contextNames)
      accounts.push(await client.read<ContextAudit>(`/v1/audit/log?context=${context}`));
    const waiting = inequalities(accounts);
    quiet = waiting.length === 0 ? quiet + 1 : 0;
    const what = waiting.join();
    if (what !== moved.what) moved = { what, at: Date.now() };
    if (quiet === 2 || Date.now() > Math.min(until, moved.at + movesWithinMs)) return accounts;
    await pause(500);
  }
}

/** O7: true when the figures become those of the last policy on every replica. */
export async function serves(client: Client, windowMonths: number): Promise<boolean> {
  const until = Date.now() + servesWithinMs;
  for (let agreeing = 0; agreeing < 4;) {
    const { policy } = await client.read<{ policy: { windowMonths: number } }>('/v1/metrics/visits');
    agreeing = policy.windowMonths === windowMonths ? agreeing + 1 : 0;
    if (Date.now() > until) return false;
    if (agreeing === 0) await pause(500);
  }
  return true;
}

/** O1 over HTTP: everything acknowledged can be read by its id. */
export async function readBack(client: Client, ledger: Ledger): Promise<readonly string[]> {
  const wrong: string[] = [];
  const waiting = [...ledger.items.values()].filter(({ acknowledged }) => acknowledged);
  const one = async (): Promise<void> => {
    for (let known = waiting.pop(); known; known = waiting.pop()) {
      const { item, now, status } = known;
      const view = await client
        .read<Record<string, unknown>>(`/v1/interactions/${itemId(item.number)}`)
        .catch(() => null);
      const { time, kind, branch, quantity } = now;
      const same = Object.entries({ time, kind, branch, quantity, status }).every(
        ([name, is]) => view?.[name] === is,
      );
      if (!same) wrong.push(`O1 item ${item.number} is not answered as it was acknowledged`);
    }
  };
  await Promise.all(Array.from({ length: asksAtOnce }, one));
  return wrong;
}
