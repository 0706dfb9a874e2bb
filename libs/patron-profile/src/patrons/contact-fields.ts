import { applyDecorators } from '@nestjs/common';
import { lineOf, visibleOf } from '@readership/contracts';
import { Transform } from 'class-transformer';
import { ValidateBy } from 'class-validator';

const emailCharsMax = 254;
/** A mailbox as people have them: no quotes, comments or names around it, and a domain with a dot. */
const mailbox =
  /^[^\s@"(),:;<>[\]\\\p{C}]{1,64}@(?:[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}-]{0,61}[\p{L}\p{M}\p{N}])?\.)+[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}-]{0,61}[\p{L}\p{M}\p{N}])$/u;
const phone = /^(?=(?:[^0-9]*[0-9]){3})[0-9+()./ -]{3,32}$/;
/** Longer text is refused as it is. */
const sentCharsMax = 1_000;

/** An address as it is kept: composed, without invisible characters and white space around it. */
export function emailOf(text: string): string {
  return lineOf(visibleOf(text));
}

export function isEmail(address: string): boolean {
  return address.length <= emailCharsMax && mailbox.test(address) && !/^\.|\.\.|\.@/.test(address);
}

/** A number as it is kept: as it was written, but in plain digits, hyphens and spaces. */
export function phoneOf(text: string): string {
  return lineOf(visibleOf(text.normalize('NFKC'))).replace(/[\u2010-\u2015\u2212]/g, '-');
}

export const EmailAddress = () =>
  field('isEmail', emailOf, isEmail, 'Give one e-mail address, such as ada@example.org.');

export const PhoneNumber = () =>
  field(
    'isPhone',
    phoneOf,
    (number) => phone.test(number),
    'Give a telephone number of digits, spaces and the signs + ( ) . / -, such as +43 1 2345.',
  );

function field(
  name: string,
  formOf: (text: string) => string,
  fits: (text: string) => boolean,
  message: string,
): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' && value.length <= sentCharsMax ? formOf(value) : value,
    ),
    ValidateBy(
      { name, validator: { validate: (value) => typeof value === 'string' && fits(value) } },
      { message },
    ),
  );
}
