import type { OnModuleDestroy } from '@nestjs/common';

/** True once the application has begun to stop. From then on new requests are refused, so that they go elsewhere. */
export class Stopping implements OnModuleDestroy {
  begun = false;
  private readonly listeners: (() => void)[] = [];

  onBegin(listener: () => void): void {
    this.listeners.push(listener);
  }

  onModuleDestroy(): void {
    this.begun = true;
    for (const listener of this.listeners) listener();
  }
}
