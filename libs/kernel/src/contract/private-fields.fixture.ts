import type { AnyEvent } from '../event.js';

/** The same event with one more field in every object of its data, as if somebody added a field that must stay private. */
export function withPrivateFields<E extends AnyEvent>(event: E, value: string): E {
  return { ...event, data: laden(event.data, value) };
}

function laden<T>(of: T, value: string): T {
  if (Array.isArray(of)) return of.map((item) => laden(item as unknown, value)) as T;
  if (typeof of !== 'object' || of === null) return of;
  const fields = Object.entries(of).map(([name, field]) => [name, laden(field as unknown, value)]);
  return Object.fromEntries([...fields, ['dateOfBirth', value]]) as T;
}
