import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsString, Matches, ValidateIf } from 'class-validator';
import { uuid } from '../text.js';

/** The field may be omitted, but not `null`. */
const Absent = () => ValidateIf((_body, value) => value !== undefined);

/** Removes surrounding white space. */
export const Trimmed = () =>
  Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.trim() : value));

/** The person and branch that something is about, if they are known. */
export class PlaceBody {
  @ApiPropertyOptional({ format: 'uuid' })
  @Absent()
  @IsString()
  @Matches(uuid, { message: 'Give the id of a patron, a UUID.' })
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.toLowerCase() : value))
  patronId?: string;

  @ApiPropertyOptional({ description: 'Id of a branch.' })
  @Absent()
  @IsString()
  @Matches(/^[A-Za-z0-9-]{1,32}$/, { message: 'Give the id of a branch.' })
  branch?: string;
}

export function placeOf({ patronId, branch }: PlaceBody): { patronId?: string; branch?: string } {
  return { ...(patronId === undefined ? {} : { patronId }), ...(branch === undefined ? {} : { branch }) };
}
