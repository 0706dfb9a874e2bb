import { ApiProperty } from '@nestjs/swagger';
import { Line } from '@readership/host';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsIn,
  IsObject,
  IsString,
  Matches,
  registerDecorator,
  ValidateNested,
} from 'class-validator';
import { givenId, givenIdOnly } from '../text.js';
import type { QuestionType } from './survey.events.js';

const questionTypes = ['nps', 'csat', 'text'] as const;

/** A well-formed BCP 47 tag such as `de-AT` or `pa-Arab`. */
function IsLanguageTag(): PropertyDecorator {
  return (target, property) =>
    registerDecorator({
      name: 'isLanguageTag',
      target: target.constructor,
      propertyName: String(property),
      options: { message: 'Give a language tag of BCP 47, such as de-AT.' },
      validator: { validate: isLanguageTag },
    });
}

function isLanguageTag(value: unknown): boolean {
  if (typeof value !== 'string' || !/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(value) || value.length > 35)
    return false;
  try {
    return new Intl.Locale(value).language !== '';
  } catch {
    return false;
  }
}

export class QuestionBody {
  @ApiProperty({ pattern: givenId.source })
  @IsString()
  @Matches(givenId, givenIdOnly)
  id!: string;

  @ApiProperty({ enum: questionTypes })
  @IsIn(questionTypes)
  type!: QuestionType;

  @ApiProperty({ minLength: 1, maxLength: 500 })
  @Line(500)
  text!: string;
}

export class SurveyBody {
  @ApiProperty({ pattern: givenId.source })
  @IsString()
  @Matches(givenId, givenIdOnly)
  id!: string;

  @ApiProperty({ minLength: 1, maxLength: 200 })
  @Line(200)
  title!: string;

  @ApiProperty({
    example: 'en',
    minLength: 2,
    maxLength: 35,
    description: 'BCP 47 tag of the language of the questions.',
  })
  @IsLanguageTag()
  language!: string;

  @ApiProperty({ type: [QuestionBody], minItems: 1, maxItems: 30 })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(30)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => QuestionBody)
  questions!: QuestionBody[];
}
