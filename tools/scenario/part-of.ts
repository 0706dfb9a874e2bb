import assert from 'node:assert/strict';

/** `actual` reduced to the shape of `expected`: other fields are left out, arrays keep their length. */
function shapedLike(actual: unknown, expected: unknown): unknown {
  if (Array.isArray(actual) && Array.isArray(expected))
    return actual.map((item, i) => shapedLike(item, expected[i]));
  if (!isRecord(actual) || !isRecord(expected)) return actual;
  return Object.fromEntries(
    Object.entries(expected).flatMap(([name, part]) =>
      Object.hasOwn(actual, name) ? [[name, shapedLike(actual[name], part)]] : [],
    ),
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Fails unless `actual` has everything that `expected` has. It may have more fields. */
export function hasPart(actual: unknown, expected: object, message?: string): void {
  assert.deepEqual(shapedLike(actual, expected), expected, message);
}
