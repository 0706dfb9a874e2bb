import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  Line,
  Omittable,
  Optional,
  permissions,
  roles,
  scopeForm,
  type Permission,
  type Role,
} from '@readership/host';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsIn,
  IsInt,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateNested,
} from 'class-validator';
import { IsDay } from '../day.js';

const scopeOnly = { message: 'Give consortium, library:<id> or branch:<id>.', each: true };
const scopesMax = 200;
const grantsMax = 50;
const sourcesMax = 50;

// What limits a key is `Omittable`, so that it is not lost when somebody leaves a field of a form blank.
export class GrantBody {
  @ApiProperty({ enum: roles })
  @IsIn(roles)
  role!: Role;

  @ApiProperty({ isArray: true, type: String, example: ['branch:NORTH'] })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(scopesMax)
  @IsString({ each: true })
  @Matches(scopeForm, scopeOnly)
  scopes!: string[];

  @ApiPropertyOptional({ isArray: true, enum: permissions, description: 'By default all of the role.' })
  @Omittable()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(permissions.length)
  @IsIn(permissions, { each: true })
  only?: Permission[];

  @ApiPropertyOptional({
    isArray: true,
    type: String,
    description: 'Of an integrator: the sources of the interactions that it may send and correct.',
  })
  @Omittable()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(sourcesMax)
  @IsString({ each: true })
  @MinLength(1, { each: true })
  @MaxLength(256, { each: true })
  sources?: string[];
}

export class ApiKeyBody {
  @ApiProperty({ minLength: 1, maxLength: 200, description: 'Who or what uses the key.' })
  @Line(200)
  name!: string;

  @ApiPropertyOptional({ isArray: true, type: GrantBody, description: 'Instead of `role` and `scopes`.' })
  @Optional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(grantsMax)
  @ValidateNested({ each: true })
  @Type(() => GrantBody)
  grants?: GrantBody[];

  @ApiPropertyOptional({ enum: roles, description: 'With `scopes`, instead of `grants`.' })
  @Optional()
  @IsIn(roles)
  role?: Role;

  @ApiPropertyOptional({ isArray: true, type: String })
  @Optional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(scopesMax)
  @IsString({ each: true })
  @Matches(scopeForm, scopeOnly)
  scopes?: string[];

  @ApiPropertyOptional({ format: 'date', description: 'The last day on which the key is accepted.' })
  @Omittable()
  @IsDay()
  expiresOn?: string;
}

export class RotationBody {
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    maximum: 168,
    default: 24,
    description: 'How long the secret before is accepted. 0 when it has leaked.',
  })
  @Optional()
  @IsInt()
  @Min(0)
  @Max(168)
  overlapHours?: number;
}
