import { grantSchema, instant, listOf, oneOf, resource, text } from '@readership/host';

const places = { source: text, libraries: listOf(text), branches: listOf(text), grants: listOf(grantSchema) };

/** The OpenAPI schema of a source after a command. */
export const sourceSchema = resource('Source', { ...places, status: oneOf('allowed', 'revoked') });

/** The OpenAPI schema of `ListedSource`. */
export const listedSourceSchema = resource('ListedSource', { ...places, allowedAt: instant });
