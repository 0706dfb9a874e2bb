import { Unavailable, type EventStore } from '@readership/kernel';

/**
 * Keeps a context from recording anything before its history was compared with the log. Its store may be older than the
 * log; new events would then be lost, or get positions at which others were published (docs/adr/0018).
 */
export class WriteGate {
  private outcome: 'checking' | 'away' | 'open' = 'checking';
  private known: () => void = () => {};
  /** Resolves when the gate is open, or when it is known that it cannot be opened now. */
  readonly firstOutcome = new Promise<void>((resolve) => (this.known = resolve));

  get isOpen(): boolean {
    return this.outcome === 'open';
  }

  open(): void {
    this.outcome = 'open';
    this.known();
  }

  /** The log is unavailable now. */
  away(): void {
    this.outcome = 'away';
    this.known();
  }

  /**
   * The store behind the gate. Its writes wait for the first outcome, and reject with `Unavailable` while the log is
   * unavailable.
   */
  guarding(store: EventStore): EventStore {
    const append: EventStore['append'] = async (...commit) => {
      await this.mustBeOpen();
      return store.append(...commit);
    };
    const appendEach: EventStore['appendEach'] = async (commits) => {
      await this.mustBeOpen();
      return store.appendEach(commits);
    };
    const guarded = { append, appendEach };
    return new Proxy(store, {
      get(target, name) {
        if (name === 'append' || name === 'appendEach') return guarded[name];
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }

  private async mustBeOpen(): Promise<void> {
    if (this.isOpen) return;
    await this.firstOutcome;
    if (!this.isOpen) throw new Unavailable('LOG_UNAVAILABLE', 'HISTORY_NOT_COMPARED');
  }
}
