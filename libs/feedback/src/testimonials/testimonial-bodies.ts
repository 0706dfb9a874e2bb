import { ApiProperty } from '@nestjs/swagger';
import { Prose } from '@readership/host';
import { Type } from 'class-transformer';
import { IsObject, IsString, Length, Matches, ValidateNested } from 'class-validator';
import { PlaceBody } from '../directory/place-bodies.js';
import { givenId, givenIdOnly } from '../text.js';

export class TestimonialBody extends PlaceBody {
  @ApiProperty({ pattern: givenId.source })
  @IsString()
  @Matches(givenId, givenIdOnly)
  id!: string;

  @ApiProperty({
    format: 'date',
    description: 'A day in the time zone of the consortium, at most one day in the future.',
  })
  @IsString()
  @Length(10, 10)
  receivedOn!: string;

  @ApiProperty({ minLength: 1, maxLength: 5000 })
  @Prose(5000)
  text!: string;
}

export class ConsentBody {
  @ApiProperty({ format: 'date' })
  @IsString()
  @Length(10, 10)
  givenOn!: string;

  @ApiProperty({ minLength: 1, maxLength: 2000, description: 'The words in which consent was given.' })
  @Prose(2000)
  statement!: string;
}

export class PublicationBody {
  @ApiProperty({ type: ConsentBody })
  @IsObject()
  @ValidateNested()
  @Type(() => ConsentBody)
  consent!: ConsentBody;
}
