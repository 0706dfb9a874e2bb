import { closureReasons, type ClosureReason } from '@readership/contracts';
import { ApiProperty, ApiPropertyOptional, PickType } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsIn,
  IsOptional,
  IsString,
  Length,
  Matches,
  MaxLength,
} from 'class-validator';
import { IsDay } from '../day.js';
import { Absent, codeOnly, oneLine, oneLineOnly, Trimmed } from '../directory/directory-bodies.js';
import { cardsHeldMax } from './patron.decider.js';

/** The length as sent; at most 64 characters of it remain after normalising. */
const cardLengthMax = 256;
const emailPattern = /^[^\s@]{1,64}@[^\s@]{1,190}$/u;
const phonePattern = /^(?=(?:[^0-9]*[0-9]){3})[0-9+()./ -]{3,32}$/;
/** Short codes, never free text, because they are published. */
const categoryPattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$/;
const languagePattern = /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$/;

export class ContactBody {
  @ApiPropertyOptional({ minLength: 1, maxLength: 200 })
  @Absent()
  @IsString()
  @Trimmed()
  @Length(1, 200)
  @Matches(oneLine, oneLineOnly)
  givenName?: string;

  @ApiPropertyOptional({ minLength: 1, maxLength: 200 })
  @Absent()
  @IsString()
  @Trimmed()
  @Length(1, 200)
  @Matches(oneLine, oneLineOnly)
  familyName?: string;

  @ApiPropertyOptional({ type: String, nullable: true, description: '`null` removes it.' })
  @IsOptional()
  @IsString()
  @Trimmed()
  @Matches(emailPattern, { message: 'Give an e-mail address, such as ada@example.org.' })
  @Matches(oneLine, oneLineOnly)
  email?: string | null;

  @ApiPropertyOptional({ type: String, nullable: true, description: '`null` removes it.' })
  @IsOptional()
  @IsString()
  @Trimmed()
  @Matches(phonePattern, {
    message: 'Give a telephone number of digits, spaces and + ( ) . / -, such as +43 1 2345.',
  })
  phone?: string | null;
}

export class PatronBody {
  @ApiProperty({ type: [String], description: 'The first card is the idempotency key.' })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(cardsHeldMax)
  @IsString({ each: true })
  @MaxLength(cardLengthMax, { each: true })
  cards!: string[];

  @ApiProperty({ minLength: 1, maxLength: 200 })
  @IsString()
  @Trimmed()
  @Length(1, 200)
  @Matches(oneLine, oneLineOnly)
  givenName!: string;

  @ApiProperty({ minLength: 1, maxLength: 200 })
  @IsString()
  @Trimmed()
  @Length(1, 200)
  @Matches(oneLine, oneLineOnly)
  familyName!: string;

  @ApiPropertyOptional({ type: String })
  @IsOptional()
  @IsString()
  @Trimmed()
  @Matches(emailPattern, { message: 'Give an e-mail address, such as ada@example.org.' })
  @Matches(oneLine, oneLineOnly)
  email?: string | null;

  @ApiPropertyOptional({ type: String })
  @IsOptional()
  @IsString()
  @Trimmed()
  @Matches(phonePattern, {
    message: 'Give a telephone number of digits, spaces and + ( ) . / -, such as +43 1 2345.',
  })
  phone?: string | null;

  @ApiProperty({ description: 'Id of a branch.' })
  @IsString()
  @Matches(/^[A-Za-z0-9-]{1,32}$/, codeOnly)
  homeBranch!: string;

  @ApiPropertyOptional({ type: String, example: 'adult', description: 'A short code.' })
  @IsOptional()
  @IsString()
  @Matches(categoryPattern, {
    message: 'Give a code of 1 to 32 letters, digits, dots, hyphens and underscores, such as adult.',
  })
  category?: string | null;

  @ApiPropertyOptional({ type: String, format: 'date', description: 'If absent, the day is unknown.' })
  @IsOptional()
  @IsDay()
  enrolledOn?: string | null;

  @ApiPropertyOptional({ type: String, example: 'de-AT', description: 'BCP 47.' })
  @IsOptional()
  @IsString()
  @Matches(languagePattern, { message: 'Give a language tag of BCP 47, such as de-AT.' })
  language?: string | null;
}

export class MoveBody {
  @ApiProperty({ description: 'Id of a branch.' })
  @IsString()
  @Matches(/^[A-Za-z0-9-]{1,32}$/, codeOnly)
  homeBranch!: string;

  @ApiProperty({ format: 'date', description: 'Must not be in the future.' })
  @IsDay()
  since!: string;
}

export class CloseBody {
  @ApiProperty({ enum: closureReasons })
  @IsIn(closureReasons)
  reason!: ClosureReason;

  @ApiProperty({ format: 'date', description: 'Must not be in the future.' })
  @IsDay()
  on!: string;
}

export class ReopenBody extends PickType(CloseBody, ['on']) {}

export class CardsBody {
  @ApiPropertyOptional({ type: [String] })
  @Absent()
  @IsArray()
  @ArrayMaxSize(cardsHeldMax)
  @IsString({ each: true })
  @MaxLength(cardLengthMax, { each: true })
  add?: string[];

  @ApiPropertyOptional({ type: [String] })
  @Absent()
  @IsArray()
  @ArrayMaxSize(cardsHeldMax)
  @IsString({ each: true })
  @MaxLength(cardLengthMax, { each: true })
  remove?: string[];
}
