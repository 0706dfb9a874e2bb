/** Runs a piece of work once at a time. Whoever asks while it runs shares the next run. */
export class SingleFlight<T> {
  private next: Promise<T> | null = null;
  private ended: Promise<void> = Promise.resolve();

  constructor(private readonly work: () => Promise<T>) {}

  /** A run that begins after this call. */
  run(): Promise<T> {
    this.next ??= this.ended.then(() => {
      this.next = null;
      const result = this.work();
      this.ended = result.then(
        () => {},
        () => {},
      );
      return result;
    });
    return this.next;
  }
}
