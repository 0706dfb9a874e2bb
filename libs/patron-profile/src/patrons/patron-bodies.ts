import { closureReasons, type ClosureReason } from '@readership/contracts';
import { ApiProperty, ApiPropertyOptional, PickType } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsIn, IsString, Matches, MaxLength } from 'class-validator';
import { Line, Optional, Removable } from '@readership/host';
import { IsDay } from '../day.js';
import { EmailAddress, PhoneNumber } from './contact-fields.js';
import { codeOnly } from '../directory/directory-bodies.js';
import { cardsHeldMax } from './patron.decider.js';

/** The length as sent; at most 64 characters of it remain after normalising. */
const cardLengthMax = 256;
/** Short codes, never free text, because they are published. */
const categoryPattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$/;
const languagePattern = /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$/;

export class ContactBody {
  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 200, description: '`null` removes it.' })
  @Removable()
  @Line(200)
  givenName?: string | null;

  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 200, description: '`null` removes it.' })
  @Removable()
  @Line(200)
  familyName?: string | null;

  @ApiPropertyOptional({ type: String, nullable: true, description: '`null` removes it.' })
  @Removable()
  @EmailAddress()
  email?: string | null;

  @ApiPropertyOptional({ type: String, nullable: true, description: '`null` removes it.' })
  @Removable()
  @PhoneNumber()
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

  @ApiPropertyOptional({ maxLength: 200, description: 'At least one of the names is required.' })
  @Optional()
  @Line(200)
  givenName?: string;

  @ApiPropertyOptional({ maxLength: 200, description: 'At least one of the names is required.' })
  @Optional()
  @Line(200)
  familyName?: string;

  @ApiPropertyOptional()
  @Optional()
  @EmailAddress()
  email?: string;

  @ApiPropertyOptional()
  @Optional()
  @PhoneNumber()
  phone?: string;

  @ApiProperty({ description: 'Id of a branch.' })
  @IsString()
  @Matches(/^[A-Za-z0-9-]{1,32}$/, codeOnly)
  homeBranch!: string;

  @ApiPropertyOptional({ type: String, example: 'adult', description: 'A short code.' })
  @Optional()
  @IsString()
  @Matches(categoryPattern, {
    message: 'Give a code of 1 to 32 letters, digits, dots, hyphens and underscores, such as adult.',
  })
  category?: string;

  @ApiPropertyOptional({ type: String, format: 'date', description: 'If absent, the day is unknown.' })
  @Optional()
  @IsDay()
  enrolledOn?: string;

  @ApiPropertyOptional({ type: String, example: 'de-AT', description: 'BCP 47.' })
  @Optional()
  @IsString()
  @Matches(languagePattern, { message: 'Give a language tag of BCP 47, such as de-AT.' })
  language?: string;
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
  @Optional()
  @IsArray()
  @ArrayMaxSize(cardsHeldMax)
  @IsString({ each: true })
  @MaxLength(cardLengthMax, { each: true })
  add?: string[];

  @ApiPropertyOptional({ type: [String] })
  @Optional()
  @IsArray()
  @ArrayMaxSize(cardsHeldMax)
  @IsString({ each: true })
  @MaxLength(cardLengthMax, { each: true })
  remove?: string[];
}
