import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Optional } from '@readership/host';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsIn,
  IsString,
  MaxLength,
  ValidateNested,
} from 'class-validator';
import { metrics } from './definitions.js';
import { grains, type Grain } from './periods.js';

const requestsMax = 50;
const scopeCharsMax = 10_000;
const names = Object.keys(metrics);
const years = ['calendar', 'fiscal'] as const;
const comparisons = ['previous', 'year'] as const;

/** The parameters of `GET /v1/metrics/{name}`. */
export class MetricRequestBody {
  @ApiProperty({ enum: names })
  @IsIn(names)
  metric!: string;

  @ApiPropertyOptional({
    default: 'consortium',
    example: 'branch:NORTH,branch:SOUTH',
    description: 'As of one metric; several branches with commas between them are one scope.',
  })
  @Optional()
  @IsString()
  @MaxLength(scopeCharsMax)
  scope?: string;

  @ApiPropertyOptional({ example: '2024-01', description: 'If absent: twelve months that end with `to`.' })
  @Optional()
  @IsString()
  from?: string;

  @ApiPropertyOptional({ example: '2024-12', description: 'If absent: the last complete month.' })
  @Optional()
  @IsString()
  to?: string;

  @ApiPropertyOptional({ enum: grains, default: 'month' })
  @Optional()
  @IsIn(grains)
  grain?: Grain;

  @ApiPropertyOptional({ enum: years, default: 'calendar' })
  @Optional()
  @IsIn(years)
  year?: (typeof years)[number];

  @ApiPropertyOptional({ enum: comparisons })
  @Optional()
  @IsIn(comparisons)
  compare?: (typeof comparisons)[number];
}

export class MetricsQueryBody {
  @ApiProperty({ isArray: true, type: MetricRequestBody, maxItems: requestsMax })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(requestsMax)
  @ValidateNested({ each: true })
  @Type(() => MetricRequestBody)
  requests!: MetricRequestBody[];
}
