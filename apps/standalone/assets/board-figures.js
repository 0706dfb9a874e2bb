/** What the board's page says of a figure, and the lists it asks for: all that needs no page. */

/** A period as people write it: `2024-03` as March 2024, `2023-06/2024-05` as June 2023 to May 2024. */
export function periodName(period) {
  return period
    .split('/')
    .map((part) => {
      if (!/^\d{4}-\d\d$/.test(part)) return part;
      // The page's own words are English, whatever numbers look like.
      const month = new Intl.DateTimeFormat('en', { month: 'long', year: 'numeric', timeZone: 'UTC' });
      return month.format(new Date(`${part}-01T00:00:00Z`));
    })
    .join(' to ');
}

/** A figure's value in its unit. Amounts are in minor units, of which a currency has as many as ISO 4217 says. */
export function shown({ metric, unit, currency }, value, locale) {
  if (value === null || value === undefined) return 'no data';
  if (unit === 'fraction') return percent(value, locale);
  if (currency) {
    const format = new Intl.NumberFormat(locale, { style: 'currency', currency });
    return format.format(value / 10 ** format.resolvedOptions().maximumFractionDigits);
  }
  const digits = metric === 'frequency' ? 1 : 0;
  const format = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat(locale, format).format(value);
}

/** A point's value in its unit; `hidden` when its reader may not see it. */
export function shownPoint(figure, point, locale) {
  return point?.suppressed ? 'hidden' : shown(figure, point?.value, locale);
}

/** How a point differs from that of a year before: a share in points, everything else in per cent. */
export function change(figure, point, before, locale) {
  if (point.suppressed || before?.suppressed) return 'not compared, because a figure is hidden';
  if (!before || before.value === null || point.value === null) return 'nothing to compare a year before';
  const than = `${shown(figure, before.value, locale)} a year before`;
  const isShare = figure.unit === 'fraction';
  if (!isShare && before.value === 0) return point.value === 0 ? `unchanged, ${than}` : than;
  const difference = isShare ? point.value - before.value : point.value / before.value - 1;
  // Tenths of a point or of a per cent are shown.
  if (Math.round(Math.abs(difference) * 1000) === 0) return `unchanged, ${than}`;
  const amount = isShare ? points(Math.abs(difference), locale) : percent(Math.abs(difference), locale);
  return `${difference > 0 ? '▲ up' : '▼ down'} ${amount} from ${than}`;
}

/** What is missing in a point; empty when it is complete. */
export function missing({ complete, covered, suppressed }) {
  if (suppressed) return ' (hidden: it could tell about fewer than five people)';
  if (covered && covered.with < covered.of)
    return ` (costs are known for ${covered.with} of ${covered.of} months of branches)`;
  return complete ? '' : ' (not complete yet)';
}

/** Every item of a list, page by page. `get` resolves to the answer of a path. */
export async function everyItem(get, path) {
  const items = [];
  let cursor = '';
  do {
    const page = await get(`${path}?limit=200${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    items.push(...page.items);
    cursor = page.nextCursor ?? '';
  } while (cursor);
  return items;
}

/** The scopes to choose from, as value and label. One that is asked for and does not exist is among them, and says so. */
export function scopeChoices(libraries, branches, chosen) {
  const choices = [
    ['consortium', 'The whole consortium'],
    ...libraries.map(({ id, name }) => [`library:${id}`, name]),
    ...branches.map(({ id, name }) => [`branch:${id}`, `– ${name}`]),
  ];
  return choices.some(([value]) => value === chosen) ? choices : [...choices, [chosen, `Unknown: ${chosen}`]];
}

function percent(share, locale) {
  return new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 }).format(share);
}

function points(difference, locale) {
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 }).format(difference * 100);
  return `${number} ${Math.round(difference * 1000) === 10 ? 'point' : 'points'}`;
}
