import { Body, Controller, Get, Inject, Put } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { defaultPolicy } from '@readership/contracts';
import { Answer, Answers, changeOf, IfMatch, Needs, readOf, RequestMeta } from '@readership/host';
import { EventStore, fold, handle, Refusal, type Meta } from '@readership/kernel';
import { consortium, type ConsortiumSettings } from './consortium.decider.js';
import { ConsortiumBody } from './directory-bodies.js';
import { consortiumSchema } from './directory-schemas.js';
import { consortiumId } from './directory.js';

@ApiTags('directory')
@Controller('v1/consortium')
export class ConsortiumController {
  constructor(@Inject(EventStore) private readonly store: EventStore) {}

  @Put()
  @Needs('directory.write')
  @Answers(changeOf(consortiumSchema))
  @ApiOperation({ summary: 'Set the settings of the consortium; an absent setting gets its default' })
  async configure(
    @Body() body: ConsortiumBody,
    @RequestMeta() meta: Meta,
    @IfMatch() ifVersions: readonly number[] | undefined,
  ): Promise<Answer<ConsortiumSettings | null>> {
    const settings = {
      name: body.name,
      timeZone: body.timeZone ?? 'UTC',
      currency: body.currency ?? 'EUR',
      fiscalYearStartMonth: body.fiscalYearStartMonth ?? 1,
      activityPolicy: body.activityPolicy ?? defaultPolicy,
      patronLookup: body.patronLookup ?? 'consortium',
    };
    const command = { type: 'ConfigureConsortium', settings } as const;
    const { state, version, marks } = await handle(
      this.store,
      consortium,
      consortiumId,
      command,
      meta,
      ifVersions,
    );
    return new Answer(state, { version, marks });
  }

  @Get()
  @Needs('directory.read')
  @Answers({ ...readOf(consortiumSchema), 404: 'Nothing is configured yet.' })
  @ApiOperation({ summary: 'The settings of the consortium' })
  async settings(): Promise<Answer<ConsortiumSettings>> {
    const { state, version } = await fold(this.store, consortium, consortiumId);
    if (state === null) {
      throw new Refusal(
        'CONSORTIUM_UNKNOWN',
        'unknown',
        'Nothing is configured yet: PUT /v1/consortium first.',
      );
    }
    return new Answer(state, { version });
  }
}
