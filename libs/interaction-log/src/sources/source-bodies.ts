import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Optional } from '@readership/host';
import { ArrayMaxSize, IsArray, IsString, Matches } from 'class-validator';

const idsMax = 500;
/** The characters of a URI reference, so that nothing else can be a name. */
export const sourceName = /^[\x21-\x7e]{1,256}$/;
const placeId = /^[A-Za-z0-9-]{1,32}$/;

export class SourceNameBody {
  @ApiProperty({
    example: 'urn:ils:north',
    description: 'The CloudEvents source of a branch system: printable ASCII without spaces.',
    maxLength: 256,
  })
  @IsString()
  @Matches(sourceName, { message: 'Give a name of 1 to 256 printable ASCII characters without spaces.' })
  source!: string;
}

export class SourceBody extends SourceNameBody {
  @ApiPropertyOptional({
    type: [String],
    maxItems: idsMax,
    description: 'The source may send for all branches of these libraries.',
  })
  @Optional()
  @IsArray()
  @ArrayMaxSize(idsMax)
  @IsString({ each: true })
  @Matches(placeId, { each: true, message: 'Give ids of 1 to 32 letters, digits and hyphens.' })
  libraries?: string[];

  @ApiPropertyOptional({ type: [String], maxItems: idsMax })
  @Optional()
  @IsArray()
  @ArrayMaxSize(idsMax)
  @IsString({ each: true })
  @Matches(placeId, { each: true, message: 'Give ids of 1 to 32 letters, digits and hyphens.' })
  branches?: string[];
}
