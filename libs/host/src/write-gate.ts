import { Unavailable, type EventStore } from '@readership/kernel';

/**
 * Keeps a context from recording anything before its history was compared with the log: its store may be older than the
 * log, and what it recorded then would be lost, or lie at positions that were published otherwise (docs/adr/0018).
 */
export class WriteGate {
  private outcome: 'checking' | 'away' | 'open' = 'checking';
  private known: () => void = () => {};
  /** Resolves when it is open, or known that it cannot be opened now. */
  readonly firstOutcome = new Promise<void>((resolve) => (this.known = resolve));

  get isOpen(): boolean {
    return this.outcome === 'open';
  }

  open(): void {
    this.outcome = 'open';
    this.known();
  }

  /** The log cannot be asked now. */
  away(): void {
    this.outcome = 'away';
    this.known();
  }

  /** The store, whose writes wait for the first outcome, and are refused with `Unavailable` while the log is away. */
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
