import type { OnModuleDestroy } from '@nestjs/common';

/** True once the application has begun to stop. From then on new requests are refused, so that they go elsewhere. */
export class Stopping implements OnModuleDestroy {
  begun = false;

  onModuleDestroy(): void {
    this.begun = true;
  }
}
