import type { Grant } from '@readership/host';
import type { Event } from '@readership/kernel';

/** Acts on API keys. The keys themselves are in the access database, which is written first. Nothing here is published. */
export type ApiKeyIssued = Event<
  'ApiKeyIssued',
  { readonly id: string; readonly grants: readonly Grant[]; readonly expiresOn: string | null }
>;
/** The secret before is accepted until `overlapUntil`. */
export type ApiKeyRotated = Event<'ApiKeyRotated', { readonly id: string; readonly overlapUntil: string }>;
export type ApiKeyRevoked = Event<'ApiKeyRevoked', { readonly id: string }>;

export type ApiKeyEvent = ApiKeyIssued | ApiKeyRotated | ApiKeyRevoked;
