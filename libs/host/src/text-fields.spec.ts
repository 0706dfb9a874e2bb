import 'reflect-metadata';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { z } from 'zod';
import { Line, Optional, Prose, Removable, withoutAbsent } from './text-fields.js';

class Note {
  @Line(10)
  title!: string;

  @Optional()
  @Prose(20)
  text?: string;

  @Removable()
  @Line(10)
  author?: string | null;
}

const read = (sent: object) => {
  const note = plainToInstance(Note, sent);
  const wrong = validateSync(note).map(({ property }) => property);
  return wrong.length > 0 ? wrong : JSON.parse(JSON.stringify(note));
};

describe('a field of a body', () => {
  it.each(['', null, '  ', '\u200b', '\ufeff\u202e'])('that is optional and %j is absent', (text) =>
    expect(read({ title: 'a', text })).toEqual({ title: 'a' }),
  );

  it.each(['', null, '  ', '\u200b'])('that may be taken away and is %j is taken away', (author) =>
    expect(read({ title: 'a', author })).toEqual({ title: 'a', author: null }),
  );

  it.each(['', null, '  ', '\u200b\u202e', 'a\u0007', 'x'.repeat(11), 5, ['a']])(
    'that is required and %j is refused',
    (title) => expect(read({ title })).toEqual(['title']),
  );

  it('is put into its form before it is measured', () =>
    expect(read({ title: `\ufeff Zoe\u0308 ${' '.repeat(9)}B `, text: 'a\r\nb 👩‍🔬' })).toEqual({
      title: 'Zoë B',
      text: 'a\nb 👩‍🔬',
    }));
});

describe('a body that a schema checks', () => {
  const schema = z.strictObject({
    id: z.string(),
    note: z.string().optional(),
    data: z.strictObject({ kind: z.string(), card: z.string().optional() }),
    more: z.strictObject({ on: z.string().optional() }).optional(),
  });

  it('loses what is optional and says nothing, at any depth', () =>
    expect(
      withoutAbsent(schema, {
        ...{ id: 'a', note: null, data: { kind: 'x', card: '' }, more: { on: '' } },
      }),
    ).toEqual({ id: 'a', data: { kind: 'x' }, more: {} }));

  it('keeps what is required and what the schema does not have, to be refused', () => {
    const sent = { id: null, other: null, data: { kind: '', card: ' ' } };
    expect(withoutAbsent(schema, sent)).toBe(sent);
  });

  it.each([null, 'x', [{ note: null }]])('is left alone when it is %j', (sent) =>
    expect(withoutAbsent(schema, sent)).toBe(sent),
  );
});
