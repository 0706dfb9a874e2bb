import type { TestAnswer } from '@readership/host/testing';

export const typed = (type: string) => ({ 'content-type': type });
export const lines = (...values: readonly unknown[]) =>
  values.map((one) => `${JSON.stringify(one)}\n`).join('');
export const tagOf = ({ headers }: TestAnswer) => ({ 'if-match': headers.get('etag')! });
export const tokenOf = ({ body }: TestAnswer) => new URL((body as { link: string }).link).pathname;
export const idOf = ({ body }: TestAnswer) => (body as { id: string }).id;
