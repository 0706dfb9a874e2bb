/** Rejects when `work` has not ended in time. It does not stop the work. */
export async function within<T>(ms: number, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A whole number from the command line; `usual` by default. */
export function countFrom(text: string | undefined, usual: number, max: number): number {
  const count = Number(text ?? usual);
  if (!Number.isSafeInteger(count) || count < 1 || count > max)
    throw new RangeError(`give a number from 1 to ${max}`);
  return count;
}
