/** The last day on which each major version of Node gets fixes (nodejs.org/about/previous-releases). */
export const maintainedUntil = {
  20: '2026-04-30',
  21: '2024-06-01',
  22: '2027-04-30',
  23: '2025-06-01',
  24: '2028-04-30',
  25: '2026-06-01',
  26: '2029-04-30',
};

export function endOfLife(version, today) {
  const major = Number(version.split('.')[0]);
  const day = today.toISOString().slice(0, 10);
  const until = maintainedUntil[major];
  if (until === undefined || day <= until) return null;
  // The one of the images, or a newer one that is maintained for long.
  const next = Object.entries(maintainedUntil).find(
    ([other, end]) => other >= 24 && other % 2 === 0 && end > day,
  );
  const advice = next ? `install Node ${next[0]}, which gets them until ${next[1]}` : 'install a newer one';
  return `Node ${major} is past its end of life (${until}) and gets no more fixes: ${advice}.`;
}
