import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Answers, ApiKeys, json, Needs, oneOf, orNull, People, resource, text } from '@readership/host';
import { Refusal } from '@readership/kernel';

/** Who stands in events and records of access under an id. */
interface NamedPrincipal {
  readonly id: string;
  readonly kind: 'key' | 'person';
  /** `null` when it is not known. */
  readonly name: string | null;
}

const principalSchema = resource('NamedPrincipal', {
  id: text,
  kind: oneOf('key', 'person'),
  name: { ...orNull(text), description: '`null` when it is not known.' },
});

@ApiTags('access')
@Controller('v1/principals')
export class PrincipalsController {
  constructor(
    @Inject(ApiKeys) private readonly keys: ApiKeys,
    @Inject(People) private readonly people: People,
  ) {}

  @Get(':id')
  @Needs('patrons.privacy')
  @Answers({ 200: json(principalSchema) })
  @ApiOperation({ summary: 'The name of the person or the API key with this id' })
  async one(@Param('id') id: string): Promise<NamedPrincipal> {
    if (id === 'admin') return { id, kind: 'key', name: null };
    const person = await this.people.get(id);
    if (person !== null) return { id, kind: 'person', name: person.name };
    const key = await this.keys.get(id);
    if (key !== null) return { id, kind: 'key', name: this.keys.nameOf(key) };
    throw new Refusal('PRINCIPAL_UNKNOWN', 'unknown', 'Nobody with this id has sent a request here.');
  }
}
