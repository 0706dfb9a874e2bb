import type { OnModuleDestroy } from '@nestjs/common';

/** Whether the application has begun to stop: from then on new requests are sent elsewhere. */
export class Stopping implements OnModuleDestroy {
  begun = false;

  onModuleDestroy(): void {
    this.begun = true;
  }
}
