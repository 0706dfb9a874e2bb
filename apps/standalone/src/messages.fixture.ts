interface Answered {
  readonly headers: Headers;
  readonly body: unknown;
}

export const typed = (type: string) => ({ 'content-type': type });
export const lines = (...values: readonly unknown[]) =>
  values.map((one) => `${JSON.stringify(one)}\n`).join('');
export const tagOf = ({ headers }: Answered) => ({ 'if-match': headers.get('etag')! });
export const tokenOf = ({ body }: Answered) => new URL((body as { link: string }).link).pathname;
export const idOf = ({ body }: Answered) => (body as { id: string }).id;
