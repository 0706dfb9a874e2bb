import { createHash } from 'node:crypto';
import { partitionOf } from '../partition.js';
import type { ReadModels } from '../ports/read-models.js';

const pageSize = 500;
const bits = 128n;
/** How many bytes of each entry's digest are used. */
const digestBytes = Number(bits) / 8;

/**
 * Fingerprints of some partitions of a model, with rows and cells, each a hexadecimal number: the sum of the digests of
 * all entries. So neither the storage order nor the order of a row's fields matters, and memory is bounded. A
 * fingerprint is meaningful only if the partition's checkpoint was the same before and after.
 */
export async function fingerprints(
  models: ReadModels,
  model: string,
  partitions: ReadonlySet<number>,
): Promise<ReadonlyMap<number, string>> {
  const sums = new Map<number, bigint>([...partitions].map((partition) => [partition, 0n]));
  const add = (partition: number, entry: () => readonly unknown[]): void => {
    const sum = sums.get(partition);
    if (sum !== undefined) sums.set(partition, BigInt.asUintN(Number(bits), sum + digest(entry())));
  };
  for (let after: string | null | undefined; after !== null;) {
    const page: Awaited<ReturnType<typeof models.all>> = await models.all(model, pageAfter(after));
    for (const { key, row } of page.rows)
      add(partitionOf(key, models.partitions), () => ['row', key, sorted(row)]);
    after = page.next;
    await breath();
  }
  for (let after: string | null | undefined; after !== null;) {
    const page: Awaited<ReturnType<typeof models.shares>> = await models.shares(model, pageAfter(after));
    for (const { cell, partition, n } of page.shares) add(partition, () => ['cell', cell, n]);
    after = page.next;
    await breath();
  }
  return new Map([...sums].map(([partition, sum]) => [partition, sum.toString(16).padStart(32, '0')]));
}

function pageAfter(after: string | undefined): { readonly after?: string; readonly limit: number } {
  return { limit: pageSize, ...(after === undefined ? {} : { after }) };
}

function digest(entry: readonly unknown[]): bigint {
  const bytes = createHash('sha256').update(JSON.stringify(entry)).digest();
  return BigInt(`0x${bytes.toString('hex', 0, digestBytes)}`);
}

/** The same value with the fields of its objects sorted. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([name, of]) => [name, sorted(of)] as const);
  return { fields: fields.sort(([a], [b]) => (a < b ? -1 : 1)) };
}

/** Lets other work run between two pages. */
function breath(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
