import { Inject, Injectable } from '@nestjs/common';
import { Config, Secrets } from '@readership/host';
import { createHmac, timingSafeEqual } from 'node:crypto';

const idBytes = 16;
const signatureBytes = 16;

/** Links that only this deployment can make. A token is base64url of the invitation's id and its signature. */
@Injectable()
export class InvitationLinks {
  constructor(
    @Inject(Secrets) private readonly secrets: Secrets,
    @Inject(Config) private readonly config: Config,
  ) {}

  linkOf(invitation: string): string {
    return `${this.config.publicUrl}/r/${this.tokenOf(invitation)}`;
  }

  tokenOf(invitation: string): string {
    const id = Buffer.from(invitation.replaceAll('-', ''), 'hex');
    return Buffer.concat([id, this.sign(id)]).toString('base64url');
  }

  /** The invitation that a token names; `null` when the token was not made here. */
  invitationOf(token: string): string | null {
    if (!/^[A-Za-z0-9_-]{43}$/.test(token)) return null;
    const bytes = Buffer.from(token, 'base64url');
    const id = bytes.subarray(0, idBytes);
    if (bytes.toString('base64url') !== token) return null;
    if (!timingSafeEqual(bytes.subarray(idBytes), this.sign(id))) return null;
    const hex = id.toString('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  private sign(id: Buffer): Buffer {
    return createHmac('sha256', this.secrets.linkKey)
      .update('invitation\0')
      .update(id)
      .digest()
      .subarray(0, signatureBytes);
  }
}
