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
import { Absent, oneLine, Trimmed } from '../directory/directory-bodies.js';
import { cardsHeldMax } from './patron.decider.js';

/** As it is sent; 64 characters are left of it at most. */
const cardLengthMax = 256;
const emailPattern = /^[^\s@]{1,64}@[^\s@]{1,190}$/u;
const phonePattern = /^(?=(?:[^0-9]*[0-9]){3})[0-9+()./ -]{3,32}$/;
/** Short codes, never free text: they are published. */
const categoryPattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$/;
const languagePattern = /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$/;

export class ContactBody {
  @ApiPropertyOptional({ minLength: 1, maxLength: 200 })
  @Absent()
  @IsString()
  @Trimmed()
  @Length(1, 200)
  @Matches(oneLine)
  givenName?: string;

  @ApiPropertyOptional({ minLength: 1, maxLength: 200 })
  @Absent()
  @IsString()
  @Trimmed()
  @Length(1, 200)
  @Matches(oneLine)
  familyName?: string;

  @ApiPropertyOptional({ type: String, nullable: true, description: '`null` removes it.' })
  @IsOptional()
  @IsString()
  @Trimmed()
  @Matches(emailPattern, { message: '$property must be an e-mail address' })
  @Matches(oneLine)
  email?: string | null;

  @ApiPropertyOptional({ type: String, nullable: true, description: '`null` removes it.' })
  @IsOptional()
  @IsString()
  @Trimmed()
  @Matches(phonePattern, { message: '$property must be a telephone number' })
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
  @Matches(oneLine)
  givenName!: string;

  @ApiProperty({ minLength: 1, maxLength: 200 })
  @IsString()
  @Trimmed()
  @Length(1, 200)
  @Matches(oneLine)
  familyName!: string;

  @ApiPropertyOptional({ type: String })
  @IsOptional()
  @IsString()
  @Trimmed()
  @Matches(emailPattern, { message: '$property must be an e-mail address' })
  @Matches(oneLine)
  email?: string | null;

  @ApiPropertyOptional({ type: String })
  @IsOptional()
  @IsString()
  @Trimmed()
  @Matches(phonePattern, { message: '$property must be a telephone number' })
  phone?: string | null;

  @ApiProperty({ description: 'Id of a branch.' })
  @IsString()
  @Matches(/^[A-Za-z0-9-]{1,32}$/)
  homeBranch!: string;

  @ApiPropertyOptional({ type: String, example: 'adult', description: 'A short code.' })
  @IsOptional()
  @IsString()
  @Matches(categoryPattern)
  category?: string | null;

  @ApiPropertyOptional({ type: String, format: 'date', description: 'If absent, the day is unknown.' })
  @IsOptional()
  @IsDay()
  enrolledOn?: string | null;

  @ApiPropertyOptional({ type: String, example: 'de-AT', description: 'BCP 47.' })
  @IsOptional()
  @IsString()
  @Matches(languagePattern)
  language?: string | null;
}

export class MoveBody {
  @ApiProperty({ description: 'Id of a branch.' })
  @IsString()
  @Matches(/^[A-Za-z0-9-]{1,32}$/)
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
