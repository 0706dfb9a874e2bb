import { ApiProperty } from '@nestjs/swagger';
import { IsString, Length } from 'class-validator';
import { PlaceBody } from '../directory/place-bodies.js';

export class InvitationBody extends PlaceBody {
  @ApiProperty({
    format: 'date',
    description:
      'The last day on which it can be answered, in the time zone of the consortium: today or later.',
  })
  @IsString()
  @Length(10, 10)
  expiresOn!: string;
}
