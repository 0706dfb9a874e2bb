import { Controller, Get, Inject } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Config } from '../config.js';
import { Answers, json } from '../openapi-answers.js';
import { listOf, object, oneOf, resource, text } from '../openapi-schemas.js';
import { Sender } from '../request.js';
import { Needs, Public } from '../routes.js';
import { permissions, roles } from './permissions.js';
import { permissionsOf, type Grant, type Principal } from './principal.js';

const scopes = listOf({ ...text, description: '`consortium`, `library:<id>` or `branch:<id>`' });

export const grantSchema = resource('Grant', {
  role: oneOf(...roles),
  scopes,
  'only?': listOf(oneOf(...permissions)),
  'sources?': listOf(text),
});

const meSchema = resource('Me', {
  id: text,
  kind: oneOf('key', 'person'),
  grants: listOf(grantSchema),
  permissions: listOf(object({ permission: oneOf(...permissions), scopes })),
});

const signInSchema = resource('SignIn', {
  methods: listOf(oneOf('key', 'oidc')),
  'oidc?': object({ issuer: { ...text, format: 'uri' }, clientId: text }),
});

interface SignIn {
  readonly methods: readonly ('key' | 'oidc')[];
  /** How people get an access token: authorization code with PKCE. */
  readonly oidc?: { readonly issuer: string; readonly clientId: string };
}

interface Me {
  readonly id: string;
  readonly kind: Principal['kind'];
  readonly grants: readonly Grant[];
  readonly permissions: ReturnType<typeof permissionsOf>;
}

@ApiTags('access')
@Controller('v1/me')
export class MeController {
  @Get()
  @Needs('any credential')
  @Answers({ 200: json(meSchema) })
  @ApiOperation({ summary: 'Who sends this request, and what they may do' })
  me(@Sender() { id, kind, grants }: Principal): Me {
    return { id, kind, grants, permissions: permissionsOf(grants) };
  }
}

@ApiTags('access')
@Controller('v1/sign-in')
export class SignInController {
  constructor(@Inject(Config) private readonly config: Config) {}

  @Get()
  @Public()
  @Answers({ 200: json(signInSchema) })
  @ApiOperation({ summary: 'How people and programs sign in here' })
  signIn(): SignIn {
    const { oidc } = this.config;
    if (oidc === undefined) return { methods: ['key'] };
    return { methods: ['key', 'oidc'], oidc: { issuer: oidc.issuer, clientId: oidc.clientId } };
  }
}
