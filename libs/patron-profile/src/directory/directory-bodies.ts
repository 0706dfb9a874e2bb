import { interactionKinds, type InteractionKind } from '@readership/contracts';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsISO4217CurrencyCode,
  IsObject,
  IsOptional,
  IsString,
  IsTimeZone,
  Length,
  Matches,
  Max,
  Min,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { IsDay } from '../day.js';

const codePattern = /^[A-Za-z0-9-]{1,32}$/;
/** Excludes offsets, which are not time zones because they have no summer time. */
const zonePattern = /^[A-Za-z]/;
export const oneLine = /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]*$/u;

export const Trimmed = () =>
  Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.trim() : value));

/** The field may be omitted, but not `null`. */
export const Absent = () => ValidateIf((_body, value) => value !== undefined);

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
  @IsString()
  @Trimmed()
  @Length(1, 200)
  @Matches(oneLine)
  name!: string;

  @ApiPropertyOptional({
    type: String,
    default: 'UTC',
    example: 'Europe/Vienna',
    description: 'IANA time zone.',
  })
  @IsOptional()
  @IsString()
  @IsTimeZone()
  @Matches(zonePattern)
  timeZone?: string | null;

  @ApiPropertyOptional({ type: String, default: 'EUR', description: 'ISO 4217.' })
  @IsOptional()
  @IsString()
  @IsISO4217CurrencyCode()
  @Matches(/^[A-Z]{3}$/)
  currency?: string | null;

  @ApiPropertyOptional({ type: 'integer', default: 1, minimum: 1, maximum: 12 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(12)
  fiscalYearStartMonth?: number | null;

  @ApiPropertyOptional({ type: ActivityPolicyBody })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => ActivityPolicyBody)
  activityPolicy?: ActivityPolicyBody | null;
}

export class LibraryBody {
  @ApiProperty({ pattern: codePattern.source })
  @IsString()
  @Matches(codePattern)
  id!: string;

  @ApiProperty({ minLength: 1, maxLength: 200 })
  @IsString()
  @Trimmed()
  @Length(1, 200)
  @Matches(oneLine)
  name!: string;
}

export class LibraryChangeBody {
  @ApiPropertyOptional({ minLength: 1, maxLength: 200 })
  @Absent()
  @IsString()
  @Trimmed()
  @Length(1, 200)
  @Matches(oneLine)
  name?: string;
}

export class BranchBody extends LibraryBody {
  @ApiProperty({ description: 'Id of its library.' })
  @IsString()
  @Matches(codePattern)
  library!: string;

  @ApiProperty({ example: 'Europe/Vienna', description: 'IANA time zone.' })
  @IsString()
  @IsTimeZone()
  @Matches(zonePattern)
  timeZone!: string;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, description: 'People who live in its area.' })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(2_000_000_000)
  population?: number | null;
}

export class BranchChangeBody extends LibraryChangeBody {
  @ApiPropertyOptional()
  @Absent()
  @IsString()
  @Matches(codePattern)
  library?: string;

  @ApiPropertyOptional()
  @Absent()
  @IsString()
  @IsTimeZone()
  @Matches(zonePattern)
  timeZone?: string;

  @ApiPropertyOptional({ type: 'integer', minimum: 1 })
  @Absent()
  @IsInt()
  @Min(1)
  @Max(2_000_000_000)
  population?: number;

  @ApiPropertyOptional({
    format: 'date',
    description: 'The day since which the population holds; if absent, today.',
  })
  @Absent()
  @IsDay()
  populationSince?: string;
}
