import { ApiPropertyOptional } from '@nestjs/swagger';
import { branchScope, Optional, type ScopeName } from '@readership/host';
import { Transform } from 'class-transformer';
import { IsString, Matches } from 'class-validator';
import { uuid } from '../text.js';

/** The person and branch that something is about, if they are known. */
export class PlaceBody {
  @ApiPropertyOptional({ format: 'uuid' })
  @Optional()
  @IsString()
  @Matches(uuid, { message: 'Give the id of a patron, a UUID.' })
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.toLowerCase() : value))
  patronId?: string;

  @ApiPropertyOptional({ description: 'Id of a branch. What names none belongs to the consortium.' })
  @Optional()
  @IsString()
  @Matches(/^[A-Za-z0-9-]{1,32}$/, { message: 'Give the id of a branch.' })
  branch?: string;
}

/** Where something belongs: to its branch, or to the consortium when it names none. */
export function scopeOf(branch: string | undefined): ScopeName {
  return branch === undefined ? 'consortium' : branchScope(branch);
}

export function placeOf({ patronId, branch }: PlaceBody): { patronId?: string; branch?: string } {
  return { ...(patronId === undefined ? {} : { patronId }), ...(branch === undefined ? {} : { branch }) };
}
