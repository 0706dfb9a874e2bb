import { given } from '@readership/kernel/testing';
import { maySpeak, source, type AllowSource, type KnownSource } from './source.decider.js';
import type { SourceAllowed, SourceRevoked } from './source.events.js';

const name = 'urn:ils:north';
const allow = (libraries: readonly string[], branches: readonly string[]): AllowSource => ({
  type: 'AllowSource',
  source: name,
  libraries,
  branches,
});
const allowed = (libraries: readonly string[], branches: readonly string[]): SourceAllowed => ({
  type: 'SourceAllowed',
  data: { source: name, libraries, branches },
});
const revoked: SourceRevoked = { type: 'SourceRevoked', data: { source: name } };

describe('allowing a source', () => {
  it('records what it may speak for, each once and in order', () =>
    given(source)
      .when(allow(['CITY'], ['SOUTH', 'NORTH', 'SOUTH']))
      .then(allowed(['CITY'], ['NORTH', 'SOUTH'])));

  it('changes nothing when it may so already', () =>
    given(source, allowed([], ['NORTH', 'SOUTH']))
      .when(allow([], ['SOUTH', 'NORTH']))
      .thenNothing());

  it('replaces what it might speak for before', () =>
    given(source, allowed(['CITY'], ['NORTH']))
      .when(allow([], ['SOUTH']))
      .then(allowed([], ['SOUTH'])));

  it('is possible again after it was revoked', () =>
    given(source, allowed([], ['NORTH']), revoked)
      .when(allow([], ['NORTH']))
      .then(allowed([], ['NORTH'])));

  it('is refused with nothing to speak for', () =>
    given(source).when(allow([], [])).thenRefused('NOTHING_ALLOWED'));
});

describe('revoking a source', () => {
  it('is recorded', () =>
    given(source, allowed([], ['NORTH']))
      .when({ type: 'RevokeSource' })
      .then(revoked));

  it('changes nothing when it was revoked', () =>
    given(source, allowed([], ['NORTH']), revoked)
      .when({ type: 'RevokeSource' })
      .thenNothing());

  it('is refused for one that nobody allowed', () =>
    given(source).when({ type: 'RevokeSource' }).thenRefused('UNKNOWN_SOURCE'));
});

describe('a source speaks', () => {
  const known: KnownSource = { status: 'allowed', source: name, libraries: ['CITY'], branches: ['NORTH'] };

  it.each<[boolean, string, string | undefined]>([
    [true, 'NORTH', 'COUNTY'],
    [true, 'NORTH', undefined],
    [true, 'SOUTH', 'CITY'],
    [false, 'SOUTH', 'COUNTY'],
    [false, 'SOUTH', undefined],
    [false, 'CITY', 'NORTH'],
  ])('%s: for %s of %s', (may, branch, library) => expect(maySpeak(known, branch, library)).toBe(may));

  it('for nobody once it was revoked', () =>
    expect(maySpeak({ ...known, status: 'revoked' }, 'NORTH', 'CITY')).toBe(false));
});
