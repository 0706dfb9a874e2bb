import { interactionKinds, type InteractionKind } from '@readership/contracts';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Line, Omittable, Optional, Removable } from '@readership/host';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsISO4217CurrencyCode,
  IsObject,
  IsString,
  IsTimeZone,
  Matches,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import { IsDay } from '../day.js';
import { patronLookups, type PatronLookup } from './directory.events.js';

const codePattern = /^[A-Za-z0-9-]{1,32}$/;
/** Excludes offsets, which are not time zones because they have no summer time. */
const zonePattern = /^[A-Za-z]/;
const zoneOnly = { message: 'Give the name of a time zone, such as Europe/Vienna, not an offset.' };
export const codeOnly = { message: 'Give a code of 1 to 32 letters, digits and hyphens.' };

export class ActivityPolicyBody {
  @ApiProperty({ enum: interactionKinds, isArray: true })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(interactionKinds.length)
  @IsIn(interactionKinds, { each: true })
  qualifying!: InteractionKind[];

  @ApiProperty({ type: 'integer', enum: [6, 12, 24, 36] })
  @IsIn([6, 12, 24, 36])
  windowMonths!: 6 | 12 | 24 | 36;

  @ApiProperty({ description: 'Whether digital use counts as qualifying use.' })
  @IsBoolean()
  digital!: boolean;
}

export class ConsortiumBody {
  @ApiProperty({ minLength: 1, maxLength: 200 })
  @Line(200)
  name!: string;

  @ApiPropertyOptional({
    type: String,
    default: 'UTC',
    example: 'Europe/Vienna',
    description: 'IANA time zone.',
  })
  @Optional()
  @IsString()
  @IsTimeZone()
  @Matches(zonePattern, zoneOnly)
  timeZone?: string;

  @ApiPropertyOptional({ type: String, default: 'EUR', description: 'ISO 4217.' })
  @Optional()
  @IsString()
  @IsISO4217CurrencyCode()
  @Matches(/^[A-Z]{3}$/, { message: 'Give the currency in capital letters, such as EUR.' })
  currency?: string;

  @ApiPropertyOptional({ type: 'integer', default: 1, minimum: 1, maximum: 12 })
  @Optional()
  @IsInt()
  @Min(1)
  @Max(12)
  fiscalYearStartMonth?: number;

  @ApiPropertyOptional({ type: ActivityPolicyBody })
  @Optional()
  @IsObject()
  @ValidateNested()
  @Type(() => ActivityPolicyBody)
  activityPolicy?: ActivityPolicyBody;

  @ApiPropertyOptional({
    enum: patronLookups,
    default: 'consortium',
    description:
      'With library, searching finds only patrons at home in the libraries of the credential; by card or id everybody is found.',
  })
  @Optional()
  @IsIn(patronLookups)
  patronLookup?: PatronLookup;
}

export class LibraryBody {
  @ApiProperty({ pattern: codePattern.source })
  @IsString()
  @Matches(codePattern, codeOnly)
  id!: string;

  @ApiProperty({ minLength: 1, maxLength: 200 })
  @Line(200)
  name!: string;
}

export class LibraryChangeBody {
  @ApiPropertyOptional({ minLength: 1, maxLength: 200 })
  @Omittable()
  @Line(200)
  name?: string;
}

export class BranchBody extends LibraryBody {
  @ApiProperty({ description: 'Id of its library.' })
  @IsString()
  @Matches(codePattern, codeOnly)
  library!: string;

  @ApiProperty({ example: 'Europe/Vienna', description: 'IANA time zone.' })
  @IsString()
  @IsTimeZone()
  @Matches(zonePattern, zoneOnly)
  timeZone!: string;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, description: 'People who live in its area.' })
  @Optional()
  @IsInt()
  @Min(1)
  @Max(2_000_000_000)
  population?: number;
}

export class BranchChangeBody extends LibraryChangeBody {
  @ApiPropertyOptional()
  @Omittable()
  @IsString()
  @Matches(codePattern, codeOnly)
  library?: string;

  @ApiPropertyOptional()
  @Omittable()
  @IsString()
  @IsTimeZone()
  @Matches(zonePattern, zoneOnly)
  timeZone?: string;

  @ApiPropertyOptional({ type: 'integer', minimum: 1 })
  @Omittable()
  @IsInt()
  @Min(1)
  @Max(2_000_000_000)
  population?: number;

  @ApiPropertyOptional({
    format: 'date',
    description: 'The day since which the population holds; if absent, today.',
  })
  @Omittable()
  @IsDay()
  populationSince?: string;

  @ApiPropertyOptional({
    type: String,
    format: 'date',
    nullable: true,
    description: 'The last day of the branch, in the time zone of the consortium. `null` reopens it.',
  })
  @Removable()
  @IsDay()
  closedOn?: string | null;
}
