/** Work that runs once at a time: whoever asks while it is under way shares the run after it. */
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
