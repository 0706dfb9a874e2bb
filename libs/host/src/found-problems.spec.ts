import { z } from 'zod';
import { failureOf, problemDocument } from './problem.js';
import { pointerOf, problemsOf, refused } from './found-problems.js';

const schema = z.strictObject({ of: z.strictObject({ age: z.number('NOT_A_NUMBER') }) });

const found = (sent: unknown) =>
  problemsOf(schema.safeParse(sent).error!, (message, pointer) => ({
    code: message ?? 'UNKNOWN_FIELD',
    detail: 'Mend it.',
    pointer,
  }));

it('what a schema finds has the pointer to its field', () => {
  expect(found({ of: { age: 'ten' } })).toEqual([
    { code: 'NOT_A_NUMBER', detail: 'Mend it.', pointer: '/of/age' },
  ]);
});

it('each field that a schema does not have is a problem of its own', () => {
  expect(found({ of: { age: 1, b: 2, 'c/~': 3 } }).map(({ code, pointer }) => [code, pointer])).toEqual([
    ['UNKNOWN_FIELD', '/of/b'],
    ['UNKNOWN_FIELD', '/of/c~1~0'],
  ]);
});

it('a pointer cuts a name at 64 characters', () => {
  expect(pointerOf('data', 'x'.repeat(100), 0)).toBe(`/data/${'x'.repeat(64)}/0`);
});

describe('a refusal', () => {
  it('has the code of the first problem and lists those that have a pointer', () => {
    const { status, code, detail, more } = refused([
      { code: 'FIRST', detail: 'One.' },
      { code: 'SECOND', detail: 'Two.', pointer: '/b' },
    ]);
    expect({ status, code, detail, more }).toEqual({
      status: 422,
      code: 'FIRST',
      detail: 'One.',
      more: { errors: [{ pointer: '/b', code: 'SECOND', detail: 'Two.' }] },
    });
  });

  it('counts more than it lists', () => {
    const many = Object.fromEntries(Array.from({ length: 90_000 }, (_, n) => [`f${n}`, 1]));
    const document = problemDocument(failureOf(refused(found({ of: { age: 1 }, ...many }))), '/', 'x');
    expect(document.errors).toHaveLength(50);
    expect(document.errors!.at(-1)).toEqual({ code: 'UNKNOWN_FIELD', detail: 'Mend it.', pointer: '/f49' });
    expect(document.more).toBe(89_950);
  });
});
