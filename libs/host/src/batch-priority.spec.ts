import { BatchPriority } from './batch-priority.js';

describe('background work', () => {
  it('goes on at once while no batch is in progress', () => new BatchPriority().idle());

  it('waits for the last of several batches', async () => {
    const priority = new BatchPriority();
    priority.enter();
    priority.enter();
    let isIdle = false;
    const idle = priority.idle().then(() => (isIdle = true));
    priority.leave();
    await Promise.resolve();
    expect(isIdle).toBe(false);
    priority.leave();
    await idle;
  });

  it('goes on after a while although a batch does not end', async () => {
    const priority = new BatchPriority();
    priority.enter();
    await priority.idle();
    expect(priority.underWay).toBe(1);
  });
});
