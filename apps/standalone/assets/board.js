/** The board's page: reads the six figures with the key from the address's fragment and shows them. */
import { change, everyItem, missing, periodName, scopeChoices, shownPoint } from './board-figures.js';

const titles = {
  'new-readers': 'New readers',
  'lost-readers': 'Readers lost',
  frequency: 'Frequency of use',
  'cost-per-reader': 'Cost per reader',
  testimonials: 'Testimonials',
  satisfaction: 'Satisfied readers',
};
const meanings = {
  'new-readers': 'became readers in the month',
  'lost-readers': 'were lost in twelve months',
  frequency: 'uses per active reader in twelve months',
  'cost-per-reader': 'running costs of twelve months ÷ active readers',
  testimonials: 'received in twelve months',
  satisfaction: 'answered 4 or 5 of 5',
};

const byId = (id) => document.getElementById(id);

const fromFragment = new URLSearchParams(location.hash.slice(1)).get('key');
if (fromFragment) {
  sessionStorage.setItem('readership-key', fromFragment);
  history.replaceState(null, '', location.pathname + location.search);
}

class NoKey extends Error {}

async function get(path) {
  const key = sessionStorage.getItem('readership-key');
  if (!key) throw new NoKey('Enter the access key to see the figures.');
  const response = await fetch(path, { headers: { authorization: `Bearer ${key}` } });
  if (response.status === 401) throw new NoKey('That key is not known here.');
  const body = await response.json();
  if (body.code === 'UNKNOWN_SCOPE')
    throw new Error('There is no such library or branch here: choose another.');
  if (!response.ok) throw new Error(body.detail ?? `The server answered ${response.status}.`);
  return body;
}

function element(name, text, className) {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

function show({ figures, policy }) {
  byId('figures').replaceChildren(
    ...figures.map((figure) => {
      const [point] = figure.points;
      const item = document.createElement('li');
      item.append(
        element('h3', titles[figure.metric] ?? figure.metric),
        element('p', shownPoint(figure, point), 'value'),
        element('p', meanings[figure.metric] ?? ''),
        element('p', change(figure, point, figure.comparison?.points[0]), 'change'),
        element('p', periodName(point.period) + missing(point)),
      );
      return item;
    }),
  );
  byId('rows').replaceChildren(
    ...figures.map((figure) => {
      const [point] = figure.points;
      const row = document.createElement('tr');
      const head = element('th', titles[figure.metric] ?? figure.metric);
      head.scope = 'row';
      row.append(
        head,
        element('td', periodName(point.period)),
        element('td', shownPoint(figure, point)),
        element('td', shownPoint(figure, figure.comparison?.points[0])),
        element('td', point.suppressed ? 'hidden' : new Intl.NumberFormat().format(point.n ?? 0)),
      );
      return row;
    }),
  );
  byId('policy').textContent = `A reader stays current for ${policy.windowMonths} months after the last use.`;
}

/** The scope that the address names: it keeps what was chosen, also while the list of scopes is not there. */
function chosenScope() {
  return new URLSearchParams(location.search).get('scope') ?? 'consortium';
}

async function load() {
  const status = byId('status');
  status.textContent = 'Loading the figures …';
  try {
    const query = new URLSearchParams({ scope: chosenScope() });
    if (byId('to').value) query.set('to', byId('to').value);
    const board = await get(`/v1/metrics?${query}`);
    byId('key-form').hidden = true;
    show(board);
    status.textContent = board.figures.every(
      ({ points: [point] }) => !point.suppressed && (point.value === null || point.value === 0),
    )
      ? 'There is nothing to count yet: register branches and patrons, then publish interactions.'
      : `Figures up to ${periodName(board.figures[0].points[0].period)}.`;
    if (!(await fetch('/readyz')).ok)
      status.textContent += ' Not everything is loaded yet: show them again in a moment.';
  } catch (error) {
    byId('figures').replaceChildren();
    byId('key-form').hidden = !(error instanceof NoKey);
    status.textContent = error.message;
  }
}

async function scopes() {
  try {
    const [consortium, libraries, branches] = await Promise.all([
      get('/v1/consortium'),
      everyItem(get, '/v1/libraries'),
      everyItem(get, '/v1/branches'),
    ]);
    byId('consortium').textContent = consortium.name;
    const chosen = chosenScope();
    const options = scopeChoices(libraries, branches, chosen).map(([value, label]) => {
      const option = element('option', label);
      option.value = value;
      option.selected = value === chosen;
      return option;
    });
    byId('scope').replaceChildren(...options);
  } catch {
    // The figures' own message says what is the matter.
  }
}

byId('key-form').addEventListener('submit', (event) => {
  event.preventDefault();
  sessionStorage.setItem('readership-key', byId('key').value);
  void scopes().then(load);
});
byId('scope-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const query = new URLSearchParams({ scope: byId('scope').value });
  if (byId('to').value) query.set('to', byId('to').value);
  history.replaceState(null, '', `?${query}`);
  void load();
});
byId('to').value = new URLSearchParams(location.search).get('to') ?? '';
await scopes();
await load();
