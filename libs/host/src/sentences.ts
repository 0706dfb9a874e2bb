import { getMetadataStorage, ValidationTypes } from 'class-validator';
import type { ValidationMetadata } from 'class-validator/types/metadata/ValidationMetadata.js';

export const notAnObject = 'Give an object.';

/**
 * What would be right, by the constraint that a value breaks and the constraint's arguments. A constraint that is not
 * here, such as a pattern, says it itself by `message`, in the same form.
 */
const sentences: Readonly<Record<string, (...args: readonly any[]) => string>> = {
  isString: () => 'Give a text.',
  isInt: () => 'Give a whole number.',
  isBoolean: () => 'Give true or false.',
  isArray: () => 'Give a list.',
  isObject: () => notAnObject,
  isIn: (values: readonly unknown[]) => `Give one of ${values.join(', ')}.`,
  isTimeZone: () => 'Give an IANA time zone, such as Europe/Vienna.',
  isISO4217CurrencyCode: () => 'Give a currency code of ISO 4217, such as EUR.',
  min: (least: number) => `Give a number of at least ${number(least)}.`,
  max: (most: number) => `Give a number of at most ${number(most)}.`,
  minLength: (least: number) => `Give at least ${number(least)} characters.`,
  maxLength: (most: number) => `Give at most ${number(most)} characters.`,
  isLength: (least: number, most: number) =>
    least === most
      ? `Give ${number(most)} characters.`
      : `Give ${number(least)} to ${number(most)} characters.`,
  arrayMinSize: (least: number) => `Give at least ${number(least)} of them.`,
  arrayMaxSize: (most: number) => `Give at most ${number(most)} of them.`,
  nestedValidation: () => notAnObject,
};

/** What a value would be that keeps a constraint; `undefined` when nobody said it. */
export function sentenceOf({
  type,
  name,
  message,
  constraints,
  each,
}: ValidationMetadata): string | undefined {
  if (typeof message === 'string' && message !== '') return message;
  const sentence = sentences[name ?? type]?.(...((constraints ?? []) as unknown[]));
  return each && sentence !== undefined ? `For each item: ${sentence}` : sentence;
}

/** The constraints of a class of bodies, without conditions such as whether a field may be absent. */
export function constraintsOf(body: new () => object): readonly ValidationMetadata[] {
  return getMetadataStorage()
    .getTargetValidationMetadatas(body, '', false, false)
    .filter(({ type }) => type !== ValidationTypes.CONDITIONAL_VALIDATION);
}

/** The constraints of all classes of bodies that exist for which `sentenceOf` has nothing, such as `Book.isbn matches`. */
export function constraintsWithoutSentence(): readonly string[] {
  const { validationMetadatas } = getMetadataStorage() as unknown as {
    readonly validationMetadatas: ReadonlyMap<unknown, readonly ValidationMetadata[]>;
  };
  return [...validationMetadatas.values()]
    .flat()
    .filter((each) => each.type !== ValidationTypes.CONDITIONAL_VALIDATION && sentenceOf(each) === undefined)
    .map(({ target, propertyName, name, type }) => {
      const body = typeof target === 'string' ? target : target.name;
      return `${body}.${propertyName} ${name ?? type}`;
    });
}

function number(value: number): string {
  return value.toLocaleString('en');
}
