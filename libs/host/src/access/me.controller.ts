import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
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

const signInSchema = resource('SignIn', { methods: listOf(oneOf('key')) });

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
  @Get()
  @Public()
  @Answers({ 200: json(signInSchema) })
  @ApiOperation({ summary: 'How people and programs sign in here' })
  signIn(): { readonly methods: readonly string[] } {
    return { methods: ['key'] };
  }
}
