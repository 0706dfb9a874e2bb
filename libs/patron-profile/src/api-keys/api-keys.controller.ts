import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  Answer,
  Answers,
  ApiKeys,
  Cursors,
  day,
  grantSchema,
  hasEnded,
  instant,
  json,
  listLimit,
  listOf,
  NameQuery,
  nameSearch,
  Needs,
  PageQuery,
  pageOf,
  Reaches,
  RequestMeta,
  resource,
  Sender,
  text,
  type ApiKey,
  type Grant,
  type Listed,
  type Principal,
  type Reach,
} from '@readership/host';
import { EventStore, handle, Refusal, type Meta } from '@readership/kernel';
import { ConsortiumDirectory } from '../directory/directory.js';
import { ApiKeyBody, RotationBody } from './api-key-bodies.js';
import { apiKey, type ApiKeyCommand } from './api-key.decider.js';
import { Grants } from './grants.js';

const hourMs = 3_600_000;
const overlapHoursDefault = 24;
const keysAtOnce = 500;

const shape = {
  id: text,
  name: text,
  grants: listOf(grantSchema),
  issuedAt: instant,
  'expiresOn?': day,
  'revokedAt?': instant,
  'overlapUntil?': { ...instant, description: 'Until then the secret before the last rotation is accepted.' },
  'lastUsedOn?': day,
};
const keySchema = resource('ApiKey', shape);
const key = { ...text, description: 'The credential. It is shown only in this answer.' };
const shownSchema = resource('ShownApiKey', { ...shape, key });
const rotatedSchema = resource('RotatedApiKey', {
  ...shape,
  'key?': { ...key, description: `${key.description} A repeated request gets an answer without it.` },
});

interface KeyAnswer {
  readonly id: string;
  readonly name: string;
  readonly grants: readonly Grant[];
  readonly issuedAt: string;
  readonly expiresOn?: string;
  readonly revokedAt?: string;
  readonly overlapUntil?: string;
  readonly lastUsedOn?: string;
}

/** With its text once, in the answer to the request that made it. */
type ShownAnswer = KeyAnswer & { readonly key?: string };

@ApiTags('access')
@Controller('v1/api-keys')
@Needs('keys.manage')
export class ApiKeysController {
  constructor(
    @Inject(ApiKeys) private readonly keys: ApiKeys,
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(ConsortiumDirectory) private readonly directory: ConsortiumDirectory,
    @Inject(Grants) private readonly grants: Grants,
    @Inject(Cursors) private readonly cursors: Cursors,
  ) {}

  @Post()
  @Answers({
    200: {
      ...json(keySchema, 'Location'),
      description: 'The same request with the same `Idempotency-Key` has issued this key and shown it.',
    },
    201: json(shownSchema, 'Location'),
  })
  @ApiOperation({ summary: 'Issue an API key; the answer shows it once' })
  async issue(
    @Body() body: ApiKeyBody,
    @RequestMeta() meta: Meta,
    @Sender() sender: Principal,
    @Reaches() reaches: readonly Reach[],
  ): Promise<Answer<ShownAnswer>> {
    const { name, expiresOn = null } = body;
    const grants = await this.grants.checked(body, sender, reaches);
    // A last day may have ended since.
    const before = await this.keys.issuedBy(meta.commandId);
    if (before !== null) return this.issued(before, null, meta);
    const expiresAt = expiresOn === null ? null : await this.directory.endOfDay(expiresOn);
    if (expiresAt !== null && expiresAt <= meta.at) {
      throw new Refusal('EXPIRED', 'invalid', 'Give a last day that is not over.', '/expiresOn');
    }
    const { key, text: shown } = await this.keys.issue({ name, grants, expiresOn, expiresAt }, meta);
    return this.issued(key, shown, meta);
  }

  @Get()
  @PageQuery()
  @Answers({ 200: json(pageOf(keySchema)) })
  @NameQuery('the name or id')
  @ApiOperation({ summary: 'All API keys, or those found by name or id, ordered by id' })
  async list(
    @Query('limit') asked?: string,
    @Query('cursor') cursor?: string,
    @Query('q') q?: string,
  ): Promise<Listed<KeyAnswer>> {
    const limit = listLimit(asked);
    const isFound = q === undefined ? () => true : nameSearch(q);
    const query = JSON.stringify(['api-keys', q ?? null]);
    let { after } =
      cursor === undefined ? { after: '' } : this.cursors.open<{ after: string }>(cursor, query);
    const items: KeyAnswer[] = [];
    for (;;) {
      const atOnce = q === undefined ? limit + 1 : keysAtOnce;
      const keys = await this.keys.list({ after, limit: atOnce });
      for (const item of keys.map((key) => this.answerOf(key))) {
        if (!isFound(item.id, item.name)) continue;
        if (items.length === limit) {
          return { items, nextCursor: this.cursors.seal({ after: items.at(-1)!.id }, query) };
        }
        items.push(item);
      }
      if (keys.length < atOnce) return { items, nextCursor: null };
      after = keys.at(-1)!.id;
    }
  }

  @Get(':id')
  @Answers({ 200: json(keySchema) })
  @ApiOperation({ summary: 'One API key' })
  async one(@Param('id') id: string): Promise<KeyAnswer> {
    return this.answerOf(existing(await this.keys.get(id)));
  }

  @Post(':id/rotate')
  @HttpCode(200)
  @Answers({ 200: json(rotatedSchema), 409: 'The key is revoked, has expired, or is being rotated.' })
  @ApiOperation({ summary: 'Replace the secret of an API key; the answer shows the new one once' })
  async rotate(
    @Param('id') id: string,
    @Body() { overlapHours = overlapHoursDefault }: RotationBody,
    @RequestMeta() meta: Meta,
    @Sender() sender: Principal,
    @Reaches() reaches: readonly Reach[],
  ): Promise<ShownAnswer> {
    const overlapUntil = new Date(Date.parse(meta.at) + overlapHours * hourMs).toISOString();
    await this.grants.mayManage(existing(await this.keys.get(id)).grants, sender, reaches);
    const { key, text: shown } = existing(
      await this.keys.rotate(id, overlapUntil, meta.commandId, (before) => {
        if (hasEnded(before, meta.at)) {
          throw new Refusal('KEY_ENDED', 'conflict', 'This key is revoked or has expired: issue a new one.');
        }
        // Whoever was told that a secret is accepted for so long must not lose it, unless it has leaked.
        if (overlapHours > 0 && (before.secrets[1]?.until ?? '') > meta.at) {
          const detail =
            'The secret before the last rotation is still accepted: wait for its end, or end it with overlapHours 0.';
          throw new Refusal('ROTATION_UNDER_WAY', 'conflict', detail);
        }
      }),
    );
    const until = key.secrets[1]!.until!;
    await this.note({ type: 'NoteRotation', id, overlapUntil: until }, meta);
    return this.shown(key, shown);
  }

  @Delete(':id')
  @Answers({ 200: json(keySchema) })
  @ApiOperation({ summary: 'Revoke an API key; all services refuse it within five seconds' })
  async revoke(
    @Param('id') id: string,
    @RequestMeta() meta: Meta,
    @Sender() sender: Principal,
    @Reaches() reaches: readonly Reach[],
  ): Promise<KeyAnswer> {
    await this.grants.mayManage(existing(await this.keys.get(id)).grants, sender, reaches);
    const revoked = await this.keys.change(id, (key) =>
      key.revokedAt === null ? { ...key, revokedAt: meta.at } : key,
    );
    await this.note({ type: 'NoteRevocation', id }, meta);
    return this.answerOf(existing(revoked));
  }

  private async issued(key: ApiKey, shown: string | null, meta: Meta): Promise<Answer<ShownAnswer>> {
    const { id, grants, expiresOn } = key;
    await this.note({ type: 'NoteIssue', id, grants, expiresOn }, meta);
    const status = shown === null ? 200 : 201;
    return new Answer(this.shown(key, shown), { status, location: `/v1/api-keys/${id}` });
  }

  private shown(key: ApiKey, shown: string | null): ShownAnswer {
    return { ...this.answerOf(key), ...(shown === null ? {} : { key: shown }) };
  }

  /** The act is noted after it was done, so that what stands in the log has happened. */
  private async note(command: ApiKeyCommand, meta: Meta): Promise<void> {
    await handle(this.store, apiKey, command.id, command, meta);
  }

  private answerOf(key: ApiKey): KeyAnswer {
    const { id, grants, issuedAt, expiresOn, revokedAt, lastUsedOn, secrets } = key;
    const overlapUntil = secrets[1]?.until ?? null;
    return {
      id,
      name: this.keys.nameOf(key) ?? '',
      grants,
      issuedAt,
      ...(expiresOn === null ? {} : { expiresOn }),
      ...(revokedAt === null ? {} : { revokedAt }),
      ...(overlapUntil === null ? {} : { overlapUntil }),
      ...(lastUsedOn === null ? {} : { lastUsedOn }),
    };
  }
}

function existing<T>(key: T | null): T {
  if (key === null) throw new Refusal('KEY_UNKNOWN', 'unknown', 'There is no API key with this id.');
  return key;
}
