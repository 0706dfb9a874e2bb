import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { Replica } from '../cluster/replica.js';

/** A loop is tolerated to fail for 60 s before `/readyz` says so, and a driver takes some seconds to notice. */
const noticedWithinMs = 120_000;

export interface ReplicaReadiness {
  /** Status of `/readyz`; 0 when the replica does not answer. */
  readonly status: number;
  readonly failing: readonly Readonly<Record<string, unknown>>[];
}

export async function readiness(replica: Replica): Promise<ReplicaReadiness> {
  const answer = await fetch(`http://127.0.0.1:${replica.port}/readyz`).catch(() => null);
  if (!answer) return { status: 0, failing: [] };
  const { failing } = (await answer.json()) as Pick<ReplicaReadiness, 'failing'>;
  return { status: answer.status, failing };
}

export async function until(
  what: string,
  holds: () => Promise<boolean>,
  withinMs = noticedWithinMs,
): Promise<void> {
  for (const end = Date.now() + withinMs; !(await holds()); await pause(250))
    assert.ok(Date.now() < end, `not within ${withinMs} ms: ${what}`);
}

/**
 * Waits until the replica is not ready and says of a loop that it fails, with these fields. Loops notice one after the
 * other.
 */
export async function tells(replica: Replica, failing: Readonly<Record<string, string>>): Promise<void> {
  await until(`${replica.name} says that ${failing['loop']} fails`, async () => {
    const told = await readiness(replica);
    const isTold = told.failing.some((one) =>
      Object.entries(failing).every(([field, value]) => one[field] === value),
    );
    return told.status === 503 && isTold;
  });
}

export const untilReady = (replica: Replica): Promise<void> =>
  until(`${replica.name} is ready`, async () => (await readiness(replica)).status === 200);
