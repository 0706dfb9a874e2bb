import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import { fieldsOf, type BodyClass, type BodyField } from './body-fields.js';
import { pointerOf } from './found-problems.js';
import { HttpProblem, type FieldProblem } from './http-problem.js';
import { errorsMax } from './problem.js';
import { notAnObject, sentenceOf } from './sentences.js';

/** Constraints of a value's type. Of a field that is missing, the first of them is told. */
const typeConstraints = ['isString', 'isInt', 'isBoolean', 'isArray', 'isObject', 'isIn', 'nestedValidation'];

/** Validates bodies that are class-validator classes. */
export class BodyValidation implements PipeTransform {
  transform(value: unknown, { type, metatype }: ArgumentMetadata): unknown {
    if (type !== 'body' || metatype === undefined || fieldsOf(metatype as BodyClass).size === 0) return value;
    return checkedBody(metatype as BodyClass, value);
  }
}

/**
 * Makes a body of its class. Throws 422 `INVALID`, which tells all that is wrong at once, without the values. What the
 * class does not have is refused first: transforming and validating it could take seconds.
 */
export function checkedBody<T extends object>(body: BodyClass<T>, sent: unknown): T {
  if (!isObject(sent)) {
    throw invalid([{ pointer: '', code: 'NOT_AN_OBJECT', detail: 'Send a JSON object.' }]);
  }
  const found = new Found();
  const shaped = shape(body, sent, [], found);
  if (found.isBeyondValidation) throw found.problem();
  const made = plainToInstance(body, shaped);
  for (const error of validateSync(made, { forbidUnknownValues: true })) found.take(error, []);
  if (found.isAny) throw found.problem();
  return made;
}

type Path = readonly string[];

/** The errors of a body. Only so many are kept as are listed. */
class Found {
  private readonly listed: FieldProblem[] = [];
  private count = 0;
  private tooLong = false;

  get isAny(): boolean {
    return this.count > 0;
  }

  /** True when the rest is not worth the time of validating it, or too long for it. */
  get isBeyondValidation(): boolean {
    return this.tooLong || this.count > errorsMax;
  }

  unknown(path: Path, name: string): void {
    if (this.count++ >= errorsMax) return;
    const pointer = pointerOf(...path, name);
    this.listed.push({ pointer, code: 'UNKNOWN_FIELD', detail: 'There is no such field.' });
  }

  tooManyItems(path: Path, { constraints }: BodyField): void {
    this.tooLong = true;
    const broken = constraints.filter(({ name }) => name === 'arrayMaxSize');
    this.add(path, 'arrayMaxSize', sentenceOf(broken[0]!));
  }

  /** Takes the broken constraints of a value and of what it holds. */
  take({ property, constraints = {}, children = [], target, value }: ValidationError, parent: Path): void {
    const path = property === undefined ? parent : [...parent, property];
    const field = fieldsOf((target?.constructor ?? Object) as BodyClass).get(property);
    const names = Object.keys(constraints);
    if (value === undefined && names.length > 0) {
      const name = typeConstraints.find((each) => names.includes(each)) ?? names[0]!;
      this.add(path, name, `This field is required. ${saidOf(field, name, constraints[name]) ?? ''}`.trim());
    } else {
      for (const name of names) this.add(path, name, saidOf(field, name, constraints[name]));
    }
    for (const child of children) this.take(child, path);
  }

  problem(): HttpProblem {
    return invalid(this.listed, this.count - this.listed.length);
  }

  private add(path: Path, constraint: string, sentence = 'This value cannot be taken here.'): void {
    if (this.count++ < errorsMax)
      this.listed.push({ pointer: pointerOf(...path), code: codeOf(constraint), detail: sentence });
  }
}

/** The text of the validator is passed on only when it is ours. */
function saidOf(field: BodyField | undefined, name: string, text: string | undefined): string | undefined {
  // Of an item of a list, which is no field.
  if (name === 'nestedValidation') return notAnObject;
  const broken = field?.constraints.filter((each) => (each.name ?? each.type) === name) ?? [];
  if (broken.some(({ message }) => message === text)) return text;
  return broken[0] && sentenceOf(broken[0]);
}

/** A copy with the fields of the class alone, and with nothing nested where the class has nothing nested. */
function shape(body: BodyClass, sent: object, path: Path, found: Found): object {
  const fields = fieldsOf(body);
  const shaped: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(sent)) {
    const field = fields.get(name);
    if (field === undefined) found.unknown(path, name);
    else shaped[name] = shapeValue(field, value, [...path, name], found);
  }
  return shaped;
}

function shapeValue(field: BodyField, value: unknown, path: Path, found: Found): unknown {
  if (Array.isArray(value)) {
    if (!field.isList) return [];
    if (value.length > field.itemsMax) {
      found.tooManyItems(path, field);
      return [];
    }
    return value.map((item, at) => shapeObject(field, item, [...path, String(at)], found));
  }
  return shapeObject(field, value, path, found);
}

function shapeObject({ nested }: BodyField, value: unknown, path: Path, found: Found): unknown {
  if (Array.isArray(value)) return [];
  if (!isObject(value)) return value;
  return nested === undefined ? {} : shape(nested, value, path, found);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Buffer.isBuffer(value);
}

function invalid(errors: readonly FieldProblem[], errorsUnlisted = 0): HttpProblem {
  return new HttpProblem(422, 'INVALID', 'Some fields are not valid; see errors.', {
    errors,
    errorsUnlisted,
  });
}

/** `isString` → `IS_STRING`. */
function codeOf(constraint: string): string {
  return constraint.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();
}
