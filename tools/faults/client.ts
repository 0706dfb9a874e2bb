import { setTimeout as pause } from 'node:timers/promises';
import { consortium, survey, type Item, type Wish } from './history.js';
import { itemId, source, type Ledger } from './ledger.js';

/** The request of a wish, the same each time. */
interface Request {
  readonly method: 'POST' | 'PUT';
  readonly path: string;
  readonly body: object | readonly object[];
}

/** The outcome of a request. `lost` means that it is not known, however often it was sent. */
type Answer =
  | { readonly outcome: 'done'; readonly ids: readonly string[] }
  | { readonly outcome: 'refused'; readonly code: string }
  | { readonly outcome: 'lost' };

const answersWithinMs = 15_000;
const impatientMs = 150;
const pauseMinMs = 200;
const pauseMaxMs = 2_000;
const brokenMax = 100;

/**
 * Acts like a branch system and a front desk: sends a request again, with the same ids, until it gets an outcome or the
 * time is over.
 */
export class Client {
  /** How often something was sent again. */
  repeats = 0;

  constructor(
    private readonly url: string,
    private readonly key: string,
    private readonly ledger: Ledger,
    private readonly qualifying: readonly string[],
    private readonly patienceMs = 180_000,
  ) {}

  /** Answers that no fault excuses: an unexpected error does not come from an unavailable server. */
  readonly broken: string[] = [];

  /** Sends a wish and records the answer in the ledger. Resolves to false when the outcome is not known. */
  async ask(wish: Wish): Promise<boolean> {
    const request = this.requestOf(wish);
    if (request === null) return true;
    const impatient = wish.do === 'record' && wish.impatient === true;
    if (wish.do === 'record') for (const item of wish.items) this.ledger.asked(item);
    const answer = impatient ? await this.once(request, impatientMs) : await this.untilTold(request);
    if (answer.outcome === 'done') this.ledger.note(wish, answer.ids);
    if (answer.outcome === 'refused') this.ledger.refused.push(`${wish.do}: ${answer.code}`);
    return impatient || answer.outcome !== 'lost';
  }

  /** Reads until it succeeds. */
  async read<T>(path: string): Promise<T> {
    const until = Date.now() + this.patienceMs;
    for (let pauseMs = pauseMinMs; ; pauseMs = Math.min(2 * pauseMs, pauseMaxMs)) {
      const response = await this.fetched('GET', path, undefined, answersWithinMs);
      if (response?.status === 200) return JSON.parse(response.text) as T;
      if (response !== null && response.status < 500 && response.status !== 429)
        throw new Error(`GET ${path} was answered with ${response.status}`);
      if (Date.now() > until) throw new Error(`GET ${path} is not answered`);
      await pause(pauseMs);
    }
  }

  /** Sends a request outside the history, without an id of its own, until it is answered. */
  async demand<T>(method: 'POST' | 'PUT', path: string, body: object): Promise<T> {
    const until = Date.now() + this.patienceMs;
    for (let pauseMs = pauseMinMs; ; pauseMs = Math.min(2 * pauseMs, pauseMaxMs)) {
      const response = await this.fetched(method, path, body, answersWithinMs);
      if (response !== null && response.status < 300) return JSON.parse(response.text) as T;
      if (Date.now() > until) throw new Error(`${method} ${path} is answered with ${response?.status}`);
      await pause(pauseMs);
    }
  }

  /** The status of one read; 0 when there was no answer. */
  async status(path: string): Promise<number> {
    return (await this.fetched('GET', path, undefined, answersWithinMs))?.status ?? 0;
  }

  private async untilTold(request: Request): Promise<Answer> {
    const until = Date.now() + this.patienceMs;
    for (let pauseMs = pauseMinMs; ; pauseMs = Math.min(2 * pauseMs, pauseMaxMs)) {
      const answer = await this.once(request, answersWithinMs);
      if (answer.outcome !== 'lost' || Date.now() > until) return answer;
      this.repeats++;
      await pause(pauseMs);
    }
  }

  private async once({ method, path, body }: Request, withinMs: number): Promise<Answer> {
    const response = await this.fetched(method, path, body, withinMs);
    if (response === null || response.status >= 500 || response.status === 429) return { outcome: 'lost' };
    if (response.status >= 300) return { outcome: 'refused', code: codeOf(response.text) };
    if (!Array.isArray(body)) return { outcome: 'done', ids: [(JSON.parse(response.text) as Line).id ?? ''] };
    const lines = linesOf(response.text);
    // A truncated answer tells nothing.
    if (lines === null || lines.length !== body.length) return { outcome: 'lost' };
    const refused = lines.find(({ outcome }) => outcome === 'refused');
    if (refused) return { outcome: 'refused', code: refused.code ?? 'REFUSED' };
    return { outcome: 'done', ids: lines.map(({ id }) => id ?? '') };
  }

  private async fetched(
    method: string,
    path: string,
    body: object | undefined,
    withinMs: number,
  ): Promise<{ readonly status: number; readonly text: string } | null> {
    const many = Array.isArray(body);
    const type = many ? 'application/x-ndjson' : 'application/json';
    try {
      const response = await fetch(new URL(path, this.url), {
        method,
        headers: {
          authorization: `Bearer ${this.key}`,
          ...(body === undefined ? {} : { 'content-type': type }),
        },
        signal: AbortSignal.timeout(withinMs),
        ...(body === undefined
          ? {}
          : { body: many ? body.map((line) => JSON.stringify(line)).join('\n') : JSON.stringify(body) }),
      });
      const { status } = response;
      const text = await response.text();
      if (status === 500 && this.broken.length < brokenMax)
        this.broken.push(`${method} ${path.split('?', 1)[0]} is answered with 500 ${codeOf(text)}`);
      return { status, text };
    } catch {
      return null;
    }
  }

  /** `null` when it cannot be sent, because the id of its person was never received. */
  private requestOf(wish: Wish): Request | null {
    switch (wish.do) {
      case 'register':
        return { method: 'POST', path: '/v1/patrons', body: wish.registration };
      case 'move':
        return this.about(wish.person, 'move', { homeBranch: wish.homeBranch, since: wish.since });
      case 'close':
        return this.about(wish.person, 'close', { reason: wish.reason, on: wish.on });
      case 'reopen':
        return this.about(wish.person, 'reopen', { on: wish.on });
      case 'give-card':
        return this.about(wish.person, 'cards', { add: [wish.card] });
      case 'record': {
        const unknown = ({ person }: Item) => person !== undefined && !this.ledger.people.has(person);
        if (wish.items.some(unknown)) return null;
        const events = wish.items.map((item) => this.eventOf(item));
        return events.length === 1
          ? { method: 'POST', path: '/v1/interactions', body: events[0]! }
          : { method: 'POST', path: '/v1/interactions/batch', body: events };
      }
      case 'correct':
        return this.change(wish.item, 'correct', { ...wish.changes, reason: 'a mistake' });
      case 'withdraw':
        return this.change(wish.item, 'withdraw', { reason: 'a mistake' });
      case 'answer':
        return { method: 'POST', path: `/v1/surveys/${survey}/responses`, body: wish.answers };
      case 'state-cost':
        return { method: 'POST', path: '/v1/costs', body: wish.cost };
      case 'configure':
        return {
          method: 'PUT',
          path: '/v1/consortium',
          body: consortium(wish.windowMonths, this.qualifying),
        };
    }
  }

  private about(person: number, command: string, body: object): Request | null {
    const known = this.ledger.people.get(person);
    return known ? { method: 'POST', path: `/v1/patrons/${known.id}/${command}`, body } : null;
  }

  private change(item: number, command: string, body: object): Request | null {
    if (!this.ledger.items.get(item)?.acknowledged) return null;
    return { method: 'POST', path: `/v1/interactions/${itemId(item)}/${command}`, body };
  }

  private eventOf({ number, time, kind, branch, quantity, card, person }: Item): object {
    return {
      specversion: '1.0',
      type: 'org.readership.interaction.v1',
      source,
      id: `item ${number}`,
      time,
      data: {
        kind,
        branch,
        quantity,
        ...(card === undefined ? {} : { card }),
        ...(person === undefined ? {} : { patronId: this.ledger.people.get(person)!.id }),
      },
    };
  }
}

interface Line {
  readonly outcome?: string;
  readonly id?: string;
  readonly code?: string;
}

function linesOf(text: string): readonly Line[] | null {
  try {
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Line);
  } catch {
    return null;
  }
}

function codeOf(text: string): string {
  try {
    return (JSON.parse(text) as { code?: string }).code ?? 'REFUSED';
  } catch {
    return 'REFUSED';
  }
}
