import type { LogRecord } from '@readership/kernel';
import { type ContextAudit } from '@readership/client';
import { inequalities } from '../cli/audit.js';
import type { Model, StoredEvent } from './evidence.fixture.js';
import { firstOccurrences, injectedContext } from './records.js';

/** What must be stored of an acknowledged fact: from `least` to `most` events of a type in a stream with this content. */
export interface Expected {
  readonly context: string;
  readonly stream: string;
  readonly type: string;
  /** What the event's data must contain; anything by default. */
  readonly says?: Readonly<Record<string, unknown>>;
  readonly least: number;
  readonly most: number;
}

/** One number of a read model: what the history requires, and what was answered. */
export interface Figure {
  readonly name: string;
  readonly expected: number;
  readonly found: number | null;
}

/** O1: every acknowledged fact is in the store once, and the versions of every stream are dense. */
export function storedOnce(events: readonly StoredEvent[], expected: readonly Expected[]): string[] {
  const wrong: string[] = [];
  const streams = new Map<string, StoredEvent[]>();
  for (const event of events) {
    const name = `${event.context} ${event.stream}`;
    const known = streams.get(name);
    if (known) known.push(event);
    else streams.set(name, [event]);
  }
  for (const [name, of] of streams) {
    const versions = of.map(({ version }) => version).sort((a, b) => a - b);
    if (versions.some((version, at) => version !== at + 1)) {
      wrong.push(`O1 ${name} has the versions ${versions.join(' ')}`);
    }
  }
  for (const { context, stream, type, says = {}, least, most } of expected) {
    const count = (streams.get(`${context} ${stream}`) ?? []).filter(
      (event) =>
        event.type === type &&
        Object.entries(says).every(
          ([field, value]) => (event.data as Record<string, unknown>)[field] === value,
        ),
    ).length;
    if (count < least || count > most) {
      wrong.push(
        `O1 ${context} ${stream} holds ${count} ${type}, not ${least === most ? least : `${least} to ${most}`}`,
      );
    }
  }
  return wrong;
}

/** O2, O3: the live read models equal, byte for byte, a refold of everything. */
export function equalToRefold(live: readonly Model[], again: readonly Model[]): string[] {
  const wrong: string[] = [];
  const named = (models: readonly Model[]) =>
    new Map(models.map((model) => [`${model.context} ${model.model}`, model]));
  const [found, expected] = [named(live), named(again)];
  for (const name of new Set([...found.keys(), ...expected.keys()])) {
    const [is, should] = [found.get(name), expected.get(name)];
    if (!is) wrong.push(`O2 ${name} is not there`);
    else if (!should) wrong.push(`O2 ${name} is kept, and nobody folds it`);
    else {
      wrong.push(...differences(name, 'rows', is.rows, should.rows));
      wrong.push(...differences(name, 'cells', is.cells, should.cells));
    }
  }
  return wrong;
}

/** O2: the answered figures are those of the known history. */
export function equalToHistory(figures: readonly Figure[]): string[] {
  return figures.flatMap(({ name, expected, found }) =>
    found === expected ? [] : [`O2 ${name} is ${String(found)}, not ${expected}`],
  );
}

/**
 * O4: in a partition the positions of a context come in order, each naming the one before, and a repetition equals the
 * first record.
 */
export function inOrder(records: readonly LogRecord[]): string[] {
  const wrong: string[] = [];
  const last = new Map<string, number>();
  const first = new Map<string, string>();
  for (const { context, partition, position, previous, id, body } of records) {
    const at = `${context}/${partition}/${position}`;
    const known = first.get(at);
    if (known !== undefined) {
      if (known !== `${id} ${body}`) wrong.push(`O4 ${at} came again as another record`);
      continue;
    }
    first.set(at, `${id} ${body}`);
    const before = last.get(context) ?? 0;
    if (position <= before) wrong.push(`O4 ${at} came after ${before}`);
    else if (previous !== before) wrong.push(`O4 ${at} names ${previous} before it, not ${before}`);
    last.set(context, Math.max(before, position));
  }
  return wrong;
}

/** O5: every context accounts for everything, and nothing waits. */
export function accountedFor(accounts: readonly ContextAudit[], parked: number): string[] {
  const wrong = inequalities(accounts).map((sentence) => `O5 ${sentence}`);
  for (const { context, holds } of accounts)
    if (!holds) wrong.push(`O5 ${context} says that it does not hold`);
  const counted = accounts
    .flatMap(({ projections }) => projections)
    .reduce((sum, account) => sum + account.parked, 0);
  if (counted !== parked) wrong.push(`O5 ${counted} records are parked, not ${parked}`);
  return wrong;
}

/** O6: what is on the log is in the store at that position, and what the store publishes is on the log. */
export function nothingElsePublished(
  records: readonly (readonly LogRecord[])[],
  events: readonly StoredEvent[],
): string[] {
  const wrong: string[] = [];
  const placeOf = (of: { context: string; partition: number; position: number }) =>
    `${of.context}/${of.partition}/${of.position}`;
  const facts = new Map(events.filter(({ fact }) => fact !== null).map((event) => [placeOf(event), event]));
  const published = new Set<string>();
  for (const record of records.flatMap(firstOccurrences)) {
    if (record.context === injectedContext) continue;
    const place = placeOf(record);
    published.add(place);
    const event = facts.get(place);
    if (!event) wrong.push(`O6 ${place} is on the log and not in the store`);
    else if (event.id !== record.id || event.fact !== factOf(record)) {
      wrong.push(`O6 ${place} says something else on the log than in the store`);
    }
  }
  for (const place of facts.keys()) if (!published.has(place)) wrong.push(`O6 ${place} was never published`);
  return wrong;
}

function factOf({ type, schema, body }: LogRecord): string {
  return JSON.stringify([type, schema, JSON.parse(body)]);
}

function differences<T>(
  name: string,
  what: 'rows' | 'cells',
  is: ReadonlyMap<string, T>,
  should: ReadonlyMap<string, T>,
): string[] {
  const keys = [...new Set([...is.keys(), ...should.keys()])].filter(
    (key) => is.get(key) !== should.get(key),
  );
  const shown = keys
    .slice(0, 3)
    .map((key) => `${key}: ${is.get(key) ?? 'none'} instead of ${should.get(key) ?? 'none'}`);
  return keys.length === 0 ? [] : [`O2 ${name} has ${keys.length} wrong ${what}: ${shown.join('; ')}`];
}
