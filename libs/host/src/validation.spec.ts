import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Matches,
  ValidateNested,
} from 'class-validator';
import type { HttpProblem } from './http-problem.js';
import { failureOf, problemDocument } from './problem.js';
import { constraintsWithoutSentence } from './sentences.js';
import { checkedBody } from './validation.js';

class Page {
  @IsString()
  @Length(1, 50)
  @Matches(/^[a-z ]*$/, { message: 'Give small letters and spaces.' })
  text!: string;
}

class Book {
  @IsString()
  @Length(1, 50)
  title!: string;

  @IsOptional()
  @IsIn(['novel', 'poem'])
  kind?: string;

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(3)
  @IsString({ each: true })
  authors?: string[];

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(3)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => Page)
  pages?: Page[];

  @IsOptional()
  @Matches(/^\d+$/)
  isbn?: string;
}

const refusalOf = (sent: unknown) => {
  try {
    checkedBody(Book, sent);
  } catch (error) {
    return problemDocument(failureOf(error as HttpProblem), '/', 'x');
  }
  throw new Error('it was taken');
};
const saidOf = (sent: unknown) =>
  refusalOf(sent).errors!.map(({ pointer, code, detail }) => [pointer, code, detail]);
const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`f${n}`, 1]));

it('a body is made of its class', () => {
  const book = checkedBody(Book, { title: 'Emma', pages: [{ text: 'emma woodhouse' }], authors: ['Jane'] });
  expect(book).toBeInstanceOf(Book);
  expect(book.pages![0]).toBeInstanceOf(Page);
  expect(book).toEqual({ title: 'Emma', pages: [{ text: 'emma woodhouse' }], authors: ['Jane'] });
});

it('each error says what would be right, without the value', () => {
  expect(
    saidOf({
      ...{ title: 5, kind: 'essay', authors: ['Jane', 7], isbn: 'x', 'a/b': 1 },
      pages: [{ text: 'Ä' }, { text: '', colour: 'red' }, 9],
    }),
  ).toEqual([
    ['/a~1b', 'UNKNOWN_FIELD', 'There is no such field.'],
    ['/pages/1/colour', 'UNKNOWN_FIELD', 'There is no such field.'],
    ['/title', 'IS_LENGTH', 'Give 1 to 50 characters.'],
    ['/title', 'IS_STRING', 'Give a text.'],
    ['/kind', 'IS_IN', 'Give one of novel, poem.'],
    ['/authors', 'IS_STRING', 'For each item: Give a text.'],
    ['/pages', 'IS_OBJECT', 'For each item: Give an object.'],
    ['/pages/0/text', 'MATCHES', 'Give small letters and spaces.'],
    ['/pages/1/text', 'IS_LENGTH', 'Give 1 to 50 characters.'],
    ['/pages/2', 'NESTED_VALIDATION', 'Give an object.'],
    ['/isbn', 'MATCHES', 'This value cannot be taken here.'],
  ]);
});

it('a missing field is told once', () =>
  expect(saidOf({})).toEqual([['/title', 'IS_STRING', 'This field is required. Give a text.']]));

it.each([[[]], [5], ['x'], [null], [undefined], [Buffer.from('x')]])('%j is no body', (sent) =>
  expect(saidOf(sent)).toEqual([['', 'NOT_AN_OBJECT', 'Send a JSON object.']]),
);

it('of 90,000 unknown fields 50 are listed and the others counted, and nothing is transformed', () => {
  const { errors, more } = refusalOf({ title: 'Emma', ...many(90_000) });
  expect(errors).toHaveLength(50);
  expect(more).toBe(89_950);
  const inside = refusalOf({ title: 'Emma', pages: [{ text: 'a', ...many(60) }, many(60)] });
  expect(inside.errors!.map(({ pointer }) => pointer)).toContain('/pages/0/f49');
  expect(inside.more).toBe(70);
});

it('names that a sender made long are cut', () =>
  expect(saidOf({ title: 'Emma', ['x'.repeat(1000)]: 1 })[0]![0]).toBe(`/${'x'.repeat(64)}`));

it('what a field cannot hold is not looked into', () => {
  let looked = 0;
  const watched = new Proxy({}, { ownKeys: () => (looked++, []) });
  expect(saidOf({ title: watched, authors: [watched] })).toEqual([
    ['/title', 'IS_LENGTH', 'Give 1 to 50 characters.'],
    ['/title', 'IS_STRING', 'Give a text.'],
    ['/authors', 'IS_STRING', 'For each item: Give a text.'],
  ]);
  expect(looked).toBe(0);
});

it('a list that is too long is refused before its items are looked at', () => {
  let looked = 0;
  const item = {
    get text() {
      return String(looked++);
    },
  };
  expect(saidOf({ title: 'Emma', pages: Array.from({ length: 4 }, () => item) })).toEqual([
    ['/pages', 'ARRAY_MAX_SIZE', 'Give at most 3 of them.'],
  ]);
  expect(looked).toBe(0);
});

it('a constraint that says nothing of what would be right is found', () =>
  expect(constraintsWithoutSentence()).toEqual(['Book.isbn matches']));
